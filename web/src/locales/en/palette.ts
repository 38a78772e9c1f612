const palette = {
  title: 'Search and go',
  text: 'Pages, actions, tasks and nodes.',
  placeholder: 'Type a page, a task or a node',
  pages: 'Pages',
  actions: 'Actions',
  nothing: 'Nothing fits.',
  newTask: 'Create a task',
  newSchedule: 'Create a schedule',
  task: 'Task',
  node: 'Node',
}

export default palette
