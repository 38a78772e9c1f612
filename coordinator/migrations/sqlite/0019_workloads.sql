-- Workloads of the cluster whose images a policy wants, too; NULL for none.
ALTER TABLE policies ADD COLUMN workloads TEXT;
