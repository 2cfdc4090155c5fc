{{- /* What the operator may do where it watches. test/chart/rbac.test.ts holds the same as a table. */}}
{{- define "engageops.rules" -}}
- apiGroups: [engageops.dev]
  resources: [warehousedestinations, engagespaces, activations]
  # Patches are of finalizers only: the operator never writes a spec.
  verbs: [get, list, watch, patch]
- apiGroups: [engageops.dev]
  resources: [warehousedestinations/status, engagespaces/status, activations/status]
  verbs: [patch]
# Children block the deletion of their owner where the cluster enforces who may say so.
- apiGroups: [engageops.dev]
  resources: [warehousedestinations/finalizers, engagespaces/finalizers, activations/finalizers]
  verbs: [update]
- apiGroups: [""]
  resources: [secrets]
  verbs: {{ .Values.secrets.watch | ternary "[get, list, watch]" "[get]" }}
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [batch]
  resources: [cronjobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, delete]
# How syncs ended stands in the termination messages of their pods.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
