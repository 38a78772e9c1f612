const help = {
  title: 'Keyboard',
  text: 'Keys work wherever you are not typing. No key of the browser is taken.',
  palette: 'search and go',
  help: 'this list',
  search: 'find on this page',
  newTask: 'create a task',
  goTo: 'go to {page}',
  escape: 'close what is open',
  grid: 'in the grid of a task: move, Enter shows the pull',
  then: 'then',
}

export default help
