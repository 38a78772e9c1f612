import type en from '../en/schedules'

const schedules: typeof en = {
  title: '定时任务',
}

export default schedules
