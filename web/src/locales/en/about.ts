const about = {
  title: 'About',
}

export default about
