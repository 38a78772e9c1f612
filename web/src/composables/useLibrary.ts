// One page of the library, what is ticked on it, and removing.
import { keepPreviousData, useQuery } from '@tanstack/vue-query'
import { computed, shallowRef } from 'vue'
import { deleteFromLibrary, listLibrary, type LibraryImage } from '@/api/library'
import { useI18n } from '@/i18n'
import { useAction } from './useAction'
import { text, useUrlView, whole } from './useUrlView'

export const libraryPage = 20

export function useLibrary() {
  const { t } = useI18n()
  const { view, change } = useUrlView({ tag: text(), offset: whole() })
  const query = useQuery({
    queryKey: ['library', view],
    queryFn: () => listLibrary({ limit: libraryPage, offset: view.value.offset, tag: view.value.tag || undefined }),
    placeholderData: keepPreviousData,
  })
  // What is ticked stays ticked from page to page.
  const ticked = shallowRef<ReadonlyMap<number, LibraryImage>>(new Map())

  function tick(entry: LibraryImage, on: boolean): void {
    const next = new Map(ticked.value)
    if (on) next.set(entry.id, entry)
    else next.delete(entry.id)
    ticked.value = next
  }

  function tickAll(on: boolean): void {
    for (const entry of query.data.value?.images ?? []) tick(entry, on)
  }

  const { act, busy } = useAction('library')
  const doomed = shallowRef<readonly LibraryImage[]>([])

  async function remove(): Promise<void> {
    const entries = doomed.value
    const words = { done: t('library.deleted'), failed: t('library.deleteFailed'), subject: entries.map(({ image }) => image).join(', ') }
    await act(words, async () => {
      for (const entry of entries) {
        await deleteFromLibrary(entry.id)
        tick(entry, false)
      }
    })
    doomed.value = []
  }

  return {
    view,
    change,
    query,
    ticked,
    images: computed(() => [...ticked.value.values()].map(({ image }) => image)),
    allTicked: computed(() => (query.data.value?.images ?? []).every(({ id }) => ticked.value.has(id))),
    tick,
    tickAll,
    clear: () => (ticked.value = new Map()),
    doomed,
    remove,
    removing: computed(() => busy.value !== undefined),
  }
}
