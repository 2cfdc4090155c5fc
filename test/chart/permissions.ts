/** Permissions as a table: `group/resource`, or with its name in brackets -> verbs. */
export type Permissions = Record<string, string>

/** What the operator may do where it watches, and no more. */
export const WATCHED: Permissions = {
  'engageops.dev/warehousedestinations': 'get list patch watch',
  'engageops.dev/engagespaces': 'get list patch watch',
  'engageops.dev/activations': 'get list patch watch',
  'engageops.dev/warehousedestinations/status': 'patch',
  'engageops.dev/engagespaces/status': 'patch',
  'engageops.dev/activations/status': 'patch',
  'engageops.dev/engagespaces/finalizers': 'update',
  '/secrets': 'get',
  '/configmaps': 'create delete list watch',
  'batch/cronjobs': 'create delete get list patch watch',
  'batch/jobs': 'create list watch',
  '/pods': 'list',
  'events.k8s.io/events': 'create patch',
}

/** And in its own namespace. */
export const OWN: Permissions = {
  'coordination.k8s.io/leases': 'create',
  'coordination.k8s.io/leases[engageops-operator]': 'get update',
  '/configmaps': 'create',
  '/configmaps[engageops-installation]': 'get',
}
