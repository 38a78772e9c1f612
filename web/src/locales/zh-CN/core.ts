import type { Core } from '../en/core'
import access from './access'
import app from './app'
import common from './common'
import error from './error'
import live from './live'
import login from './login'
import nav from './nav'
import overview from './overview'
import state from './state'

const core: Core = { access, app, common, error, live, login, nav, overview, state }

export default core
