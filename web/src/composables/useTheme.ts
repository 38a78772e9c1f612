// Dark, light, or as the system says. The colours themselves are light-dark() pairs in styles/tokens.css.
import { watchEffect } from 'vue'
import { usePreference } from './usePreference'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

export const theme = usePreference<Theme>('theme', themes, 'system')

export function applyTheme(): void {
  watchEffect(() => {
    document.documentElement.style.colorScheme = theme.value === 'system' ? 'light dark' : theme.value
  })
}
