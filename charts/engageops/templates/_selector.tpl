{{- /* scope.selector, where the API server takes it. The grammar is that of src/kube/label-selector.ts. */}}
{{- define "engageops.selector" -}}
{{- $name := "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?" }}
{{- $domain := "[a-z0-9]([-a-z0-9]*[a-z0-9])?" }}
{{- $key := printf "(%s(\\.%s)*/)?%s" $domain $domain $name }}
{{- $value := printf "(%s)?" $name }}
{{- $exact := printf "%s\\s*(=|==|!=)\\s*%s" $key $value }}
{{- $order := printf "%s\\s*[<>]\\s*[0-9]{1,18}" $key }}
{{- $set := printf "%s\\s+(in|notin)\\s*\\(\\s*%s(\\s*,\\s*%s)*\\s*\\)" $key $value $value }}
{{- $requirement := printf "(!\\s*%s|%s|%s|%s|%s)" $key $key $exact $order $set }}
{{- $selector := printf "^\\s*%s(\\s*,\\s*%s)*\\s*$" $requirement $requirement }}
{{- if not (regexMatch $selector .) }}
{{- fail (printf "scope.selector: %q is no label selector: write labels such as shard=a, tier in (x, y) or !legacy, with commas between" .) }}
{{- end }}
{{- . }}
{{- end }}
