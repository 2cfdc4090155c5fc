// The grammar of labels.Parse in k8s.io/apimachinery; the chart has it too (templates/_selector.tpl).
const NAME = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?'
const DOMAIN = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const KEY = `(${DOMAIN}(\\.${DOMAIN})*/)?${NAME}`
const VALUE = `(${NAME})?`
const S = '[ \\t\\r\\n]*'
const REQUIREMENT = [
  `!${S}${KEY}`,
  KEY,
  `${KEY}${S}(=|==|!=)${S}${VALUE}`,
  `${KEY}${S}[<>]${S}[0-9]{1,18}`,
  `${KEY}[ \\t\\r\\n]+(in|notin)${S}\\(${S}${VALUE}(${S},${S}${VALUE})*${S}\\)`,
].join('|')

const LABEL_SELECTOR = new RegExp(`^${S}(${REQUIREMENT})(${S},${S}(${REQUIREMENT}))*${S}$`)

/** A prefix is a DNS name: 253 characters at most. */
const LONG_PREFIX = /[-a-z0-9.]{254,}\//

/** Whether the API server takes a text as label selector, and it selects by something: an empty one selects all. */
export const isLabelSelector = (text: string): boolean => LABEL_SELECTOR.test(text) && !LONG_PREFIX.test(text)
