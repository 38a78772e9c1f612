-- Pages of a task's pulls in some states: of fifty thousand the few that failed, without looking at the others.
CREATE INDEX pulls_by_state ON pulls (task_id, state, node, image_index);
