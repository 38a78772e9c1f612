// What the frame, the log-in and the overview say: loaded before the first page. A file of this folder for each noun; its name is the first
// part of its keys. Braces are parameters, " | " separates the forms of number.
import access from './access'
import app from './app'
import common from './common'
import error from './error'
import live from './live'
import login from './login'
import nav from './nav'
import overview from './overview'
import state from './state'

const core = { access, app, common, error, live, login, nav, overview, state }

export type Core = typeof core
export default core
