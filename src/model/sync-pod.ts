import { z } from 'zod'
import { fieldsRule, ruled, textMap } from './rules.ts'

const labelKey = z.string().min(1).max(317)
const isAbsent = (value: unknown) => value === undefined || value === null

const toleration = ruled(
  z.strictObject({
    key: labelKey.optional().describe('Key of the taint; without it all taints, with operator Exists.'),
    operator: z.enum(['Equal', 'Exists']).optional().describe('How the value is compared. Default: Equal.'),
    value: z.string().max(63).optional().describe('Value of the taint, for Equal.'),
    effect: z
      .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
      .optional()
      .describe('Effect of the taint. Default: all of them.'),
    tolerationSeconds: z
      .int()
      .min(0)
      .optional()
      .describe('How long a taint NoExecute is tolerated. Default: for ever.'),
  }),
  fieldsRule({
    message: 'has a value that Exists does not compare: write operator Equal, or no value',
    cel: "!has(self.value) || !has(self.operator) || self.operator != 'Exists'",
    holds: ({ value, operator }) => isAbsent(value) || operator !== 'Exists',
  }),
  fieldsRule({
    message: 'tolerates all taints only with operator Exists: write it, or a key',
    cel: "has(self.key) || (has(self.operator) && self.operator == 'Exists')",
    holds: ({ key, operator }) => !isAbsent(key) || operator === 'Exists',
  }),
  fieldsRule({
    message: 'has tolerationSeconds, which only NoExecute knows: write effect NoExecute, or no tolerationSeconds',
    cel: "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
    holds: ({ tolerationSeconds, effect }) => isAbsent(tolerationSeconds) || effect === 'NoExecute',
  }),
)

const requirement = ruled(
  z.strictObject({
    key: labelKey.describe('Key of the label.'),
    operator: z
      .enum(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'])
      .describe('How the label is compared with the values.'),
    values: z.array(z.string().max(63)).max(50).optional().describe('Values; for Gt and Lt one whole number.'),
  }),
  fieldsRule({
    message:
      'has values that do not fit its operator: write some for In and NotIn, one for Gt and Lt, none for Exists and DoesNotExist',
    cel: "self.operator == 'In' || self.operator == 'NotIn' ? has(self.values) && self.values.size() > 0 : (has(self.values) ? self.values.size() : 0) == (self.operator == 'Gt' || self.operator == 'Lt' ? 1 : 0)",
    holds: ({ operator, values }) => {
      const count = Array.isArray(values) ? values.length : 0
      switch (operator) {
        case 'In':
        case 'NotIn':
          return count > 0
        case 'Gt':
        case 'Lt':
          return count === 1
        case 'Exists':
        case 'DoesNotExist':
          return count === 0
        default:
          return true // Which operators there are is said elsewhere.
      }
    },
  }),
)

const term = z.strictObject({
  matchExpressions: z.array(requirement).min(1).max(20).describe('What all must hold of the labels of a node.'),
})

const nodeAffinity = z.strictObject({
  requiredDuringSchedulingIgnoredDuringExecution: z
    .strictObject({
      nodeSelectorTerms: z.array(term).min(1).max(10).describe('Terms, of which one must hold.'),
    })
    .optional()
    .describe('What nodes must have.'),
  preferredDuringSchedulingIgnoredDuringExecution: z
    .array(
      z.strictObject({
        weight: z.int().min(1).max(100).describe('How much it counts.'),
        preference: term.describe('What counts.'),
      }),
    )
    .max(10)
    .optional()
    .describe('What nodes had better have.'),
})

export const syncPod = z
  .strictObject({
    resources: z
      .strictObject({
        requests: textMap(16, 64).optional().describe('Requested cpu and memory.'),
        limits: textMap(16, 64).optional().describe('Limits of cpu and memory.'),
      })
      .optional()
      .describe('Resources of the sync container.'),
    nodeSelector: textMap(64, 63).optional().describe('Labels of the nodes that may run syncs.'),
    tolerations: z.array(toleration).max(20).optional().describe('Taints of nodes that may run syncs all the same.'),
    affinity: z
      .strictObject({ nodeAffinity: nodeAffinity.optional().describe('By the labels of nodes.') })
      .optional()
      .describe('Which nodes run syncs, as in Kubernetes; node affinity by labels alone.'),
    serviceAccountName: z.string().max(253).optional().describe('Service account of the pod (workload identity).'),
    priorityClassName: z.string().max(253).optional().describe('Priority class of the pod.'),
    labels: textMap(64, 63).optional().describe('Labels that the pod gets.'),
    annotations: textMap(64, 4096).optional().describe('Annotations that the pod gets.'),
  })
  .describe('How the sync pod is scheduled, in a cluster.')
