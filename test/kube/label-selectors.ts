/** What the API server takes as label selector. */
export const LABEL_SELECTORS = [
  'shard=a',
  'shard == a',
  'shard!=a',
  'shard',
  '!shard',
  ' a = b , c!=d ',
  'tier in (x, y),example.com/team notin (a)',
  'tier in (,x)',
  'tier in ()',
  'in in (in)',
  'a=',
  'size>3,size<10',
]

/** What it does not take. */
export const NO_LABEL_SELECTORS = [
  'a b c',
  'a=b c=d',
  'a=b,',
  ',a=b',
  'a=b,,c=d',
  '=a',
  'a===b',
  '!a=b',
  'a in x',
  'a in (x',
  'a in(x) y',
  'a=b/c',
  'a=-b',
  'size>x',
  'Example.com/a=b',
  'a/b/c',
  `${'a'.repeat(64)}=b`,
  `a=${'b'.repeat(64)}`,
]
