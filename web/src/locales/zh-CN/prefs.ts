import type en from '../en/prefs'

const prefs: typeof en = {
  title: '偏好设置',
  text: '仅对当前浏览器生效。',
  theme: '主题',
  themes: { system: '跟随系统', light: '浅色', dark: '深色' },
  language: '语言',
  zone: '时区',
  zoneHint: '所有时间都按此时区显示；指向时间可查看 UTC 时间。',
  zoneBrowser: '当前浏览器（{zone}）',
}

export default prefs
