{{- /* What the operator may do where it watches. test/chart/rbac.test.ts holds the same as a table. */}}
{{- define "engageops.rules" -}}
- apiGroups: [engageops.dev]
  resources: [warehousedestinations, engagespaces, activations]
  # Patches are of finalizers only: the operator never writes a spec.
  verbs: [get, list, watch, patch]
- apiGroups: [engageops.dev]
  resources: [warehousedestinations/status, engagespaces/status, activations/status]
  verbs: [patch]
# CronJobs and ConfigMaps block the deletion of their space, which some clusters allow only with this right (the admission
# plugin OwnerReferencesPermissionEnforcement, by default in OpenShift).
- apiGroups: [engageops.dev]
  resources: [engagespaces/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [secrets]
  verbs: {{ .Values.secrets.watch | ternary "[get, list, watch]" "[get]" }}
- apiGroups: [""]
  resources: [configmaps]
  verbs: [list, watch, create, delete]
- apiGroups: [batch]
  resources: [cronjobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [list, watch, create]
# How syncs ended stands in the termination messages of their pods.
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
