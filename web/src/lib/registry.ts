// Addresses of registries as people write them. Pure.

const hubNames = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com', 'hub.docker.com'])

// "https://Harbor.example.com:8443/team/" -> "harbor.example.com:8443"; all of Docker Hub's names are one.
export function hostOf(registry: string): string {
  const host = registry
    .trim()
    .replace(/^[a-z]+:\/\//i, '')
    .split('/')[0]
    ?.toLowerCase()
  return host === undefined || hubNames.has(host) ? 'docker.io' : host
}

// The host that an image is pulled from: "nginx" and "team/app" are on Docker Hub.
export function hostOfImage(image: string): string {
  const [first = '', ...rest] = image.split('/')
  const isHost = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost')
  return isHost ? hostOf(first) : 'docker.io'
}

// "nginx" -> "docker.io/library/nginx:latest": the name under which runtimes list an image. A digest stays.
export function fullName(image: string): string {
  const [name = '', digest] = image.split('@')
  const parts = name.split('/')
  const hasHost = parts.length > 1 && /[.:]|^localhost$/.test(parts[0] ?? '')
  const path = hasHost ? parts.slice(1).join('/') : name
  const host = hasHost ? hostOf(name) : 'docker.io'
  const whole = `${host}/${host === 'docker.io' && !path.includes('/') ? 'library/' : ''}${path}`
  if (digest !== undefined) return `${whole}@${digest}`
  return whole.lastIndexOf(':') > whole.lastIndexOf('/') ? whole : `${whole}:latest`
}
