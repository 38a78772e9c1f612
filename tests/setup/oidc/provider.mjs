// A real log-in provider for tests: people and their groups come from a file that is read at each log-in, its pages are the ones that the package
// has for development. Started with one argument, the settings as JSON: {port, clientId, clientSecret, redirectUri, people}.
import { readFileSync } from 'node:fs'
import * as oidc from 'oidc-provider'

const Provider = oidc.Provider ?? oidc.default
const settings = JSON.parse(process.argv[2])
const issuer = `http://127.0.0.1:${settings.port}`

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: settings.clientId,
      client_secret: settings.clientSecret,
      redirect_uris: [settings.redirectUri],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
  ],
  claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
  scopes: ['openid', 'profile', 'groups'],
  cookies: { keys: ['for tests alone'] },
  pkce: { required: () => true },
  // Groups in the token itself, as most providers do it; with false they are asked for, as the standard says.
  conformIdTokenClaims: !settings.claimsInToken,
  findAccount: (_context, id) => {
    const person = JSON.parse(readFileSync(settings.people, 'utf8'))[id]
    return person && { accountId: id, claims: () => ({ sub: id, ...person }) }
  },
})

provider.listen(settings.port, '127.0.0.1', () => console.log(`listening on ${issuer}`))
