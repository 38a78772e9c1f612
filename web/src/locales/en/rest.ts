// Everything else: loaded while the first page is being read.
import about from './about'
import audit from './audit'
import coverage from './coverage'
import create from './create'
import help from './help'
import library from './library'
import node from './node'
import nodes from './nodes'
import notifications from './notifications'
import palette from './palette'
import policies from './policies'
import prefs from './prefs'
import purge from './purge'
import reason from './reason'
import registries from './registries'
import schedules from './schedules'
import settings from './settings'
import success from './success'
import task from './task'
import tasks from './tasks'
import tenants from './tenants'
import tokens from './tokens'
import users from './users'

const rest = {
  about,
  audit,
  coverage,
  create,
  help,
  library,
  node,
  nodes,
  notifications,
  palette,
  policies,
  prefs,
  purge,
  reason,
  registries,
  schedules,
  settings,
  success,
  task,
  tasks,
  tenants,
  tokens,
  users,
}

export type Rest = typeof rest
export default rest
