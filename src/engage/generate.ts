import { Random } from './random.ts'

/** The calls that Engage sends, by what computed them and the type of call. */
export const CALL_KINDS = [
  'AudienceIdentify',
  'AudienceTrack',
  'TraitIdentify',
  'TraitTrack',
  'LinkedAudienceTrack',
  'JourneyTrack',
] as const
export type CallKind = (typeof CALL_KINDS)[number]

/** Keys of the computations that generated calls belong to. */
export const GENERATED_KEYS = {
  audience: 'first_time_shopper',
  computedTrait: 'total_revenue_180_days',
  linkedAudience: 'abandoned_carts',
  journey: 'welcome_series',
} as const

export interface GenerateOptions {
  /** Any integer: the same one gives the same calls. */
  seed: number
  count: number
  /** How many users the calls are about, at least 1. */
  users: number
  /** How many traits or properties each call has beside those of its kind. */
  properties: number
  /** Kinds of call, at least one: each is as likely as the others. */
  kinds: readonly CallKind[]
  /** Time of the first call; one follows every 10 ms. */
  start: Date
}

/** Calls as Engage sends them, as lines of JSON without line end, oldest first. */
export function* generateCalls(options: GenerateOptions): Generator<string, void, undefined> {
  const { count, users, kinds, start } = options
  const random = new Random(options.seed)
  const clock = new Clock()
  const properties = namesOf(options.properties)
  const prefix = random.id(12)
  for (let index = 0; index < count; index++) {
    const kind = kinds[random.below(kinds.length)] ?? 'AudienceIdentify'
    const user = `u${random.below(users)}`
    const at = start.getTime() + index * INTERVAL_MS
    const receivedAt = clock.text(at + random.between(200, 9000))
    const messageId = `personas_${prefix}${index.toString(36).padStart(15, '0')}`
    const head = `{"messageId":"${messageId}","userId":"${user}","receivedAt":"${receivedAt}Z"`
    const times = `"timestamp":"${clock.text(at)}Z","originalTimestamp":"${clock.text(at)}${random.between(100000, 999999)}Z"`
    yield `${head},${times},"sentAt":null,${BODIES[kind](user, values(properties, random), random)}}`
  }
}

const INTERVAL_MS = 10
const SPACE = 'spa_9vACn44CYGDZNPNWDUXtMJ'
const LIBRARY = '"library":{"name":"unknown","version":"unknown"}'
const INTEGRATIONS = '"integrations":{"All":false,"Warehouses":{"all":false}}'

/** What follows the ids and times in a call of each kind; `rest` are the further properties, each after a comma. */
const BODIES: Record<CallKind, (user: string, rest: string, random: Random) => string> = {
  AudienceIdentify: (user, rest, random) =>
    identify(AUDIENCE, user, `"${GENERATED_KEYS.audience}":${random.chance(0.8)}`, rest),
  AudienceTrack(user, rest, random) {
    const entered = random.chance(0.8)
    const key = GENERATED_KEYS.audience
    const body = `"audience_key":"${key}","${key}":${entered}`
    return track(AUDIENCE, entered ? 'Audience Entered' : 'Audience Exited', user, body, rest)
  },
  TraitIdentify: (user, rest, random) =>
    identify(TRAIT, user, `"${GENERATED_KEYS.computedTrait}":${cents(random, 500_000)}`, rest),
  TraitTrack(user, rest, random) {
    const key = GENERATED_KEYS.computedTrait
    return track(TRAIT, 'Trait Computed', user, `"trait_key":"${key}","${key}":${cents(random, 500_000)}`, rest)
  },
  LinkedAudienceTrack(user, rest, random) {
    const key = GENERATED_KEYS.linkedAudience
    const event = random.chance(0.8) ? 'Entity Added' : 'Entity Removed'
    const body = `"audience_key":"${key}","data_graph_entity_context":${cart(random)}`
    return track(LINKED_AUDIENCE, event, user, body, rest)
  },
  JourneyTrack(user, rest, random) {
    const trigger = `{"order_total":${cents(random, 20_000)},"items":${random.between(1, 9)}}`
    const journey = `"journey_context":{"Order Completed":${trigger}}`
    const metadata = `"journey_metadata":{"journey_id":"2GKsjADZkD","epoch_id":"${random.id(10)}"}`
    return track(JOURNEY, 'Welcome Step Entered', user, `${journey},${metadata}`, rest)
  },
}

const identify = (personas: string, user: string, trait: string, rest: string): string =>
  `"type":"identify","traits":{${trait},"email":"${user}@example.com"${rest}},"context":{${personas},${LIBRARY}},${INTEGRATIONS}`

const track = (personas: string, event: string, user: string, body: string, rest: string): string =>
  `"type":"track","event":"${event}","properties":{${body}${rest}},"context":{${personas},"traits":{"email":"${user}@example.com"},${LIBRARY}},${INTEGRATIONS}`

const personas = (computationClass: string, id: string, key: string, more = ''): string =>
  `"personas":{"computation_class":"${computationClass}","computation_id":"${id}","computation_key":"${key}","namespace":"${SPACE}","space_id":"${SPACE}"${more}}`

const STEP = `${GENERATED_KEYS.journey}__first_email_8943l`
const AUDIENCE = personas('audience', 'aud_2g5VilffxpBYqelWk4K0yBzAuFl', GENERATED_KEYS.audience)
const TRAIT = personas('trait', 'tra_2FLcZsMQOSNGZJK4FlmP6o9VN7V', GENERATED_KEYS.computedTrait)
const LINKED_AUDIENCE = personas(
  'audience',
  'aud_2zJkeVoLkrirhXup2uAPEsDLq4N',
  GENERATED_KEYS.linkedAudience,
  ',"computation_run_id":"run_2zKJ24JMRhVvIFJj4ukGOBKPeNo","event_emitter_id":"ee_2g93kbbjoXEyrvM2LGv2fWwVzL4"',
)
const JOURNEY = personas('journey_step', STEP, STEP, ',"event_emitter_id":"ee_lekqCASsZX"')

const PRODUCTS = ['Tennis Shoes', 'Rain Jacket', 'Running Socks', 'Travel Mug', 'Desk Lamp', 'Wool Hat']

function cart(random: Random): string {
  const products = Array.from({ length: random.between(1, 3) }, () => {
    const id = random.below(PRODUCTS.length)
    return `{"id":"${300 + id}","product_name":"${PRODUCTS[id]}","product_price":${cents(random, 20_000)},"__entity":"product"}`
  })
  return `{"shopping_cart":{"id":"${random.below(1_000_000)}","products":[${products.join()}]},"__entity":"cart"}`
}

const cents = (random: Random, below: number): number => random.below(below) / 100

const INTEGERS = ['orders', 'visits', 'loyalty_points', 'days_since_order']
const DECIMALS = ['average_order', 'lifetime_value', 'discount_rate', 'refunds']
const FLAGS = ['newsletter', 'has_app', 'vip', 'in_trial']
const TEXTS = ['plan', 'city', 'last_product', 'acquisition_channel']
const WORDS = ['basic', 'premium', 'Lisbon', 'Oslo', 'Nairobi', 'Quito', 'organic search', 'newsletter', 'Travel Mug']

/** Names of so many properties, their types in turn: integer, decimal, boolean, text. With `"` and `:` as JSON has them. */
function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const names = [INTEGERS, DECIMALS, FLAGS, TEXTS][index % 4] ?? INTEGERS
    const turn = Math.floor(index / 4)
    const round = Math.floor(turn / names.length)
    return `,"${names[turn % names.length]}${round === 0 ? '' : `_${round + 1}`}":`
  })
}

function values(names: readonly string[], random: Random): string {
  let text = ''
  for (let index = 0; index < names.length; index++) {
    text += names[index]
    switch (index % 4) {
      case 0:
        text += random.below(10_000)
        break
      case 1:
        text += cents(random, 100_000)
        break
      case 2:
        text += random.chance(0.5)
        break
      default:
        text += `"${WORDS[random.below(WORDS.length)]}"`
    }
  }
  return text
}

/** Writes times without `Z`; most calls are of a second that was written before. */
class Clock {
  readonly #seconds: number[] = []
  readonly #texts: string[] = []

  text(ms: number): string {
    const second = Math.floor(ms / 1000)
    const slot = second & 15
    if (this.#seconds[slot] !== second) {
      this.#seconds[slot] = second
      this.#texts[slot] = new Date(second * 1000).toISOString().slice(0, 20)
    }
    return this.#texts[slot] + String(ms - second * 1000).padStart(3, '0')
  }
}
