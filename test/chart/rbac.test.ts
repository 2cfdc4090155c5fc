import { describe, expect, test } from 'vitest'
import { OWN, type Permissions, WATCHED } from './permissions.ts'
import { HELM_TIMEOUT, hasHelm, type Manifest, one, render } from './render.ts'

/** What people get with the ClusterRoles view and edit. */
const READ = 'get list watch'
const WRITE = 'create delete deletecollection patch update'

const OPERATOR = [{ kind: 'ServiceAccount', name: 'engageops', namespace: 'engageops-system' }]

describe.skipIf(!hasHelm)('the roles', { timeout: HELM_TIMEOUT }, () => {
  test('of the whole cluster', async () => {
    const manifests = await render()
    expect(permissionsOf(one(manifests, 'ClusterRole', 'engageops'))).toEqual(WATCHED)
    expect(one(manifests, 'ClusterRoleBinding')).toMatchObject({
      roleRef: { kind: 'ClusterRole', name: 'engageops' },
      subjects: OPERATOR,
    })
    expect(permissionsOf(one(manifests, 'Role'))).toEqual(OWN)
    expect(one(manifests, 'Role').metadata.namespace).toBe('engageops-system')
  })

  test('of single namespaces: nothing is bound in the whole cluster', async () => {
    const manifests = await render({ scope: { namespaces: ['team-a', 'team-b'] } })
    expect(manifests.filter(({ kind }) => kind === 'ClusterRoleBinding')).toEqual([])
    const roles = manifests.filter(({ kind }) => kind === 'Role')
    expect(roles.map((role) => [role.metadata.namespace, permissionsOf(role)])).toEqual([
      ['engageops-system', OWN],
      ['team-a', WATCHED],
      ['team-b', WATCHED],
    ])
    for (const role of roles) {
      const binding = manifests.find(({ kind, metadata }) => {
        return kind === 'RoleBinding' && metadata.namespace === role.metadata.namespace
      })
      expect(binding).toMatchObject({ roleRef: { kind: 'Role', name: role.metadata.name }, subjects: OPERATOR })
    }
  })

  test('list and watch Secrets only where that is asked for', async () => {
    const role = one(await render({ secrets: { watch: true } }), 'ClusterRole', 'engageops')
    expect(permissionsOf(role)).toEqual({ ...WATCHED, '/secrets': 'get list watch' })
  })

  test('of people aggregate into view, edit and admin', async () => {
    const manifests = await render()
    const view = one(manifests, 'ClusterRole', 'engageops-view')
    const edit = one(manifests, 'ClusterRole', 'engageops-edit')
    for (const [role, verbs, into] of [
      [view, READ, ['admin', 'edit', 'view']],
      [edit, WRITE, ['admin', 'edit']],
    ] as const) {
      expect(new Set(Object.values(permissionsOf(role)))).toEqual(new Set([verbs]))
      expect(Object.keys(permissionsOf(role)).sort()).toEqual(
        ['activations', 'engagespaces', 'warehousedestinations'].map((resource) => `engageops.dev/${resource}`),
      )
      const labels = Object.keys(role.metadata.labels ?? {}).flatMap((label) => label.split('/aggregate-to-')[1] ?? [])
      expect(labels.sort()).toEqual(into)
    }
  })

  test('are left out on request', async () => {
    const manifests = await render({ rbac: { create: false, userRoles: false } })
    expect(manifests.filter(({ kind }) => kind.includes('Role'))).toEqual([])
  })
})

interface Rule {
  apiGroups: string[]
  resources: string[]
  resourceNames?: string[]
  verbs: string[]
}

function permissionsOf(role: Manifest): Permissions {
  const permissions: Permissions = {}
  for (const { apiGroups, resources, resourceNames, verbs } of role.rules as Rule[]) {
    for (const group of apiGroups) {
      for (const resource of resources) {
        const key = `${group}/${resource}${resourceNames ? `[${resourceNames.join(',')}]` : ''}`
        if (permissions[key] !== undefined) throw new Error(`${key} stands in two rules`)
        permissions[key] = verbs.toSorted().join(' ')
      }
    }
  }
  return permissions
}
