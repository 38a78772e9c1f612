// The title of the browser tab: the page first, then the product.
import { watchEffect } from 'vue'

export function useTitle(page: () => string): void {
  watchEffect(() => {
    document.title = `${page()} · IPS`
  })
}
