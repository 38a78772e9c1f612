import type en from '../en/access'

const access: typeof en = {
  needs: '您的角色（{role}）无权执行此操作，需要{least}。',
  title: '您的角色无权查看此页面',
  text: '您当前的角色是{role}。此页面需要{least}权限；如有需要，请联系管理员。',
  role: { viewer: '只读用户', operator: '操作员', admin: '管理员', 'system-admin': '系统管理员' },
}

export default access
