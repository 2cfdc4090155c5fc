import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RunReport } from '../../src/sync/report.ts'
import { type Manifests, type Row, type SyncBench, WAREHOUSES } from './harness.ts'

/** What the tests read of a fixture. */
interface Fixture {
  event: string
  properties: Record<string, unknown>
  context: {
    personas: { event_emitter_id: string }
    device: { advertisingId: string }
    userAgentData: { brands: unknown }
  }
  userId?: string
}

const FOLDER = new URL('../fixtures/calls/', import.meta.url)
const FILES = readdirSync(FOLDER).sort()
const CALLS = FILES.map(read)
const AUDIENCES = [
  'portal_partial_access',
  'ads_audience_may',
  'trial_users',
  'mobile_buyers',
  'trial_audience_name',
  'first_time_shopper',
  'browse_abandoners',
]
const classic = (keys: string[]) =>
  Object.fromEntries(
    keys.map((key) => [`classic-${key.replaceAll('_', '-')}`, { computation: { audience: key }, classic: {} }]),
  )
const MANIFESTS: Manifests = {
  space: {
    audiences: [...AUDIENCES, 'form_fillers']
      .map((key): object => ({ key }))
      .concat({ key: 'idle_carts_linked', type: 'Linked' }),
    computedTraits: [
      { key: 'num_links_l_60_d', type: 'Integer' },
      { key: 'total_revenue_180_days', type: 'Float' },
    ],
    journeys: [{ key: 'j_o_second_purchase' }, { key: 'onboarding' }],
  },
  activations: {
    ...classic(AUDIENCES),
    links: { computation: { computedTrait: 'num_links_l_60_d' }, classic: {} },
    revenue: { computation: { computedTrait: 'total_revenue_180_days' }, classic: {} },
    forms: {
      computation: { audience: 'form_fillers' },
      classic: { calls: ['Track'], eventNames: { entered: 'Form Filled In' }, sendMobileIds: true },
    },
    'classic-onboarding': { computation: { journey: 'onboarding' }, classic: {} },
    carts: {
      computation: { audience: 'idle_carts_linked' },
      storageActions: { table: 'idle_carts', triggers: ['EntityAdded', 'EntityRemoved'] },
    },
    steps: {
      computation: { journey: 'onboarding' },
      storageActions: { table: 'onboarding_steps', triggers: ['JourneyStepEntered'] },
    },
    members: {
      computation: { audience: 'trial_users' },
      storageActions: { table: 'audience_members', triggers: ['AudienceEntered', 'AudienceExited'] },
    },
    'more-members': {
      computation: { audience: 'browse_abandoners' },
      storageActions: { table: 'audience_members', triggers: ['AudienceEntered'] },
    },
  },
}

const EVENT = [
  'id',
  'received_at',
  'uuid_ts',
  'user_id',
  'anonymous_id',
  'event',
  'event_text',
  'sent_at',
  'timestamp',
  'original_timestamp',
]
const PERSONAS = ['class', 'id', 'key']
  .map((part) => `context_personas_computation_${part}`)
  .concat('context_personas_namespace', 'context_personas_space_id')
const IDENTIFY_TRAITS = ['email', 'phone', 'android_idfa', 'first_name', 'last_name']
const IDENTIFY_CONTEXT = [
  ...PERSONAS,
  'context_integrations_personas',
  'context_library_name',
  'context_library_version',
  'context_personas_external_audience_id',
]
/** The context of Segment's spec: all that can be in one. */
const SPEC_CONTEXT = [
  'active',
  'app_name',
  'app_version',
  'app_build',
  'app_namespace',
  'campaign_name',
  'campaign_source',
  'campaign_medium',
  'campaign_term',
  'campaign_content',
  'device_id',
  'device_advertising_id',
  'device_ad_tracking_enabled',
  'device_manufacturer',
  'device_model',
  'device_name',
  'device_type',
  'device_token',
  'ip',
  'library_name',
  'library_version',
  'locale',
  'network_bluetooth',
  'network_carrier',
  'network_cellular',
  'network_wifi',
  'os_name',
  'os_version',
  'page_path',
  'page_referrer',
  'page_search',
  'page_title',
  'page_url',
  'referrer_id',
  'referrer_type',
  'screen_width',
  'screen_height',
  'screen_density',
  'group_id',
  'timezone',
  'user_agent',
  'user_agent_data_brands',
  'user_agent_data_mobile',
  'user_agent_data_platform',
].map((name) => `context_${name}`)
const IDENTIFIED = [...AUDIENCES, 'num_links_l_60_d', 'total_revenue_180_days']
const sorted = (...lists: string[][]) => lists.flat().sort()

describe.each(WAREHOUSES)('calls of Engage on $name', ({ open }) => {
  let bench: SyncBench
  let report: RunReport
  beforeAll(async () => {
    bench = await open()
    const order = await bench.prepare(MANIFESTS)
    await bench.write('samples.ndjson', CALLS)
    report = await bench.sync(order)
  })
  afterAll(() => bench.remove())

  const columns = async (schema: string) =>
    Object.fromEntries(
      Object.entries(await bench.tables(schema)).map(([table, types]) => [table, Object.keys(types).sort()]),
    )

  test('every call is routed; those without any identity are the only ones discarded', async () => {
    expect(report).toMatchObject({ status: 'Partial', calls: CALLS.length, unrouted: 0, rows: 27 })
    const discards = await bench.query('SELECT line, reason, table_name FROM engageops.discards ORDER BY line')
    expect(discards.map(({ line, reason }) => [FILES[Number(line) - 1], reason])).toEqual([
      ['06-track-audience-entered-mobile-ids.json', 'NoIdentity'],
      ['07-track-audience-exited-mobile-ids.json', 'NoIdentity'],
      ['16-journey-v1-track.json', 'NoIdentity'],
      ['17-journey-v1-identify.json', 'NoIdentity'],
    ])
    expect(report.notices).toEqual([
      { level: 'Warning', message: 'the call has no userId, anonymousId or groupId; it went to discards', count: 4 },
      {
        level: 'Info',
        message: 'the call has no messageId of at most 512 characters; its id was made from its content',
        count: 8,
      },
    ])
  })

  test('the tables of classic storage and their columns', async () => {
    const { users, identifies, ...events } = await columns('engage_default')
    const identifiedTraits = [
      ...AUDIENCES,
      'onboarding',
      'num_links_l_60_d',
      'total_revenue_180_days',
      ...IDENTIFY_TRAITS,
    ]
    expect(identifies).toEqual(
      sorted(
        ['id', 'received_at', 'uuid_ts', 'user_id', 'anonymous_id', 'sent_at', 'timestamp', 'original_timestamp'],
        identifiedTraits,
        IDENTIFY_CONTEXT,
      ),
    )
    expect(users).toEqual(
      sorted(
        ['id', 'user_id', 'received_at', 'uuid_ts', 'form_fillers', 'idle_carts_linked', 'j_o_second_purchase'],
        identifiedTraits,
        IDENTIFY_CONTEXT,
      ),
    )
    expect(events).toEqual({
      audience_entered: sorted(EVENT, AUDIENCES, PERSONAS, [
        'audience_key',
        'external_id',
        'partner_profile_id',
        '_user_id',
        'email',
        'first_name',
        'last_name',
        'context_personas_audience_settings_advertiser_id',
        'context_personas_audience_settings_country_code',
        'context_personas_audience_settings_description',
        'context_personas_audience_settings_external_audience_id',
        'context_personas_external_audience_id',
        'context_traits_email',
        'context_segment_internal_creator',
        'context_library_name',
        'context_library_version',
      ]),
      audience_exited: sorted(EVENT, AUDIENCES, ['audience_key', 'form_fillers']),
      form_filled_in: sorted(EVENT, ['audience_key', 'form_fillers', 'ios_idfa'], SPEC_CONTEXT),
      onboarding_step: sorted(EVENT, PERSONAS, [
        'context_personas_event_emitter_id',
        'user_name',
        'coding_style',
        'pivot_count',
        'journey_context_triggering_event_organization',
        'journey_context_triggering_event_compression_ratio',
        'journey_context_triggering_event_output_code',
        'journey_context_event_from_hold_until_step_organization',
        'journey_context_event_from_hold_until_step_user_name',
        'journey_context_event_from_hold_until_step_output_code',
        'journey_metadata_journey_id',
        'journey_metadata_epoch_id',
      ]),
      trait_computed: sorted(EVENT, PERSONAS, ['trait_key', 'num_links_l_60_d', 'total_revenue_180_days']),
    })
  })

  test('the columns of storage actions are those of the default mappings, and no others', async () => {
    const linked = sorted([
      'id',
      'received_at',
      'uuid_ts',
      'entity_context',
      'user_id',
      'audience_key',
      'personas_computation_key',
      'personas_computation_id',
      'personas_computation_run_id',
      'personas_activation_id',
      'event_name',
    ])
    expect(await columns('default')).toEqual({
      audience_members: linked,
      idle_carts: linked,
      onboarding_steps: sorted([
        'id',
        'received_at',
        'uuid_ts',
        'journey_metadata',
        'journey_context',
        'user_id',
        'personas_computation_key',
        'personas_computation_id',
        'personas_activation_id',
        'personas_computation_class',
        'event_name',
      ]),
    })
  })

  test('identifies', async () => {
    const rows = await bench.query(
      `SELECT user_id, anonymous_id, email, ${IDENTIFIED.join(', ')} FROM engage_default.identifies ORDER BY user_id`,
    )
    expect(rows.map(withoutNulls)).toEqual([
      { user_id: 'u01', email: 'u01@example.com', portal_partial_access: 'true' },
      { user_id: 'u02', anonymous_id: 'anon-02', email: 'u02@example.com', portal_partial_access: 'true' },
      { user_id: 'u03', email: 'u03@example.com', num_links_l_60_d: '1' },
      { user_id: 'u08', email: 'U.08+Tag@Example.Com', trial_audience_name: 'true' },
      { user_id: 'u09', email: 'u09@example.com', trial_audience_name: 'false' },
      { user_id: 'u10', first_time_shopper: 'true' },
      { user_id: 'u12', total_revenue_180_days: '450' },
      { user_id: 'u14', anonymous_id: 'anon-14', email: 'u14@example.com', browse_abandoners: 'true' },
    ])
    expect(
      withoutNulls((await bench.query("SELECT * FROM engage_default.identifies WHERE user_id = 'u01'"))[0]),
    ).toEqual({
      id: 'personas_fixture01',
      received_at: '2026-03-04T11:42:59.762Z',
      user_id: 'u01',
      timestamp: '2026-03-04T11:42:50.066Z',
      original_timestamp: '2026-03-04T11:42:50.066179Z',
      email: 'u01@example.com',
      portal_partial_access: 'true',
      context_integrations_personas: 'false',
      context_library_name: 'unknown',
      context_library_version: 'unknown',
      context_personas_computation_class: 'audience',
      context_personas_computation_id: 'aud_fixture01',
      context_personas_computation_key: 'portal_partial_access',
      context_personas_namespace: 'spa_fixture',
      context_personas_space_id: 'spa_fixture',
    })
  })

  test('users has one row for each of them, keyed by the user', async () => {
    const rows = await bench.rows('engage_default.users', 'id', 'user_id', 'email', ...IDENTIFIED)
    expect(rows.map(({ id, user_id }) => [id, user_id])).toEqual(
      ['u01', 'u02', 'u03', 'u08', 'u09', 'u10', 'u12', 'u14'].map((id) => [id, id]),
    )
    expect(rows[3]).toEqual({ id: 'u08', user_id: 'u08', email: 'U.08+Tag@Example.Com', trial_audience_name: 'true' })
  })

  test('track events', async () => {
    const entered = await bench.query(
      'SELECT user_id, anonymous_id, event, event_text, audience_key, ads_audience_may, trial_users, _user_id, first_time_shopper, ' +
        'browse_abandoners, external_id FROM engage_default.audience_entered ORDER BY user_id',
    )
    const event = { event: 'audience_entered', event_text: 'Audience Entered' }
    expect(entered.map(withoutNulls)).toEqual([
      {
        ...event,
        user_id: 'u04',
        audience_key: 'ads_audience_may',
        ads_audience_may: 'true',
        external_id: '776777217525909973',
      },
      { ...event, user_id: 'u05', trial_users: 'true', _user_id: '905' },
      { ...event, user_id: 'u11', audience_key: 'own audience_key 11', first_time_shopper: 'true' },
      {
        ...event,
        user_id: 'u15',
        anonymous_id: 'anon-15',
        audience_key: 'browse_abandoners',
        browse_abandoners: 'true',
      },
    ])
    expect(await bench.query('SELECT * FROM engage_default.audience_exited')).toEqual([])
    expect(
      await bench.query(
        'SELECT user_id, event_text, trait_key, total_revenue_180_days FROM engage_default.trait_computed',
      ),
    ).toEqual([
      {
        user_id: 'u13',
        event_text: 'Trait Computed',
        trait_key: readFixture('13').properties.trait_key,
        total_revenue_180_days: '450',
      },
    ])
  })

  test('a call of an event that one activation names, with its whole context and its mobile id', async () => {
    const [row] = await bench.rows('engage_default.form_filled_in')
    expect(row).toMatchObject({
      id: 'fixture-message-23',
      user_id: 'u23',
      anonymous_id: 'anon-23',
      event: 'form_filled_in',
      event_text: 'Form Filled In',
      sent_at: '2026-03-09T16:08:31.581Z',
      context_active: 'true',
      context_page_search: '',
      context_screen_width: '320',
      context_network_wifi: 'false',
      context_group_id: '54321',
    })
    const { device, userAgentData } = readFixture('23').context
    expect(row?.ios_idfa).toBe(device.advertisingId)
    expect(JSON.parse(row?.context_user_agent_data_brands ?? '')).toEqual(userAgentData.brands)
  })

  test('storage actions: entity context and journey context as JSON text', async () => {
    const call = readFixture('22')
    const [cart] = await bench.rows('"default".idle_carts')
    const { entity_context, ...others } = cart ?? {}
    expect(JSON.parse(entity_context ?? '')).toEqual(call.properties.data_graph_entity_context)
    expect(others).toEqual({
      id: 'personas_fixture22',
      received_at: '2026-03-07T14:27:10.584Z',
      user_id: 'u22',
      audience_key: 'idle_carts_linked',
      personas_computation_key: 'idle_carts_linked',
      personas_computation_id: 'aud_fixture22',
      personas_computation_run_id: 'run_fixture22',
      personas_activation_id: 'ee_fixture22',
      event_name: 'idle_carts_linked',
    })
    const [step] = await bench.rows('"default".onboarding_steps')
    const { journey_context, journey_metadata, ...rest } = step ?? {}
    expect(JSON.parse(journey_context ?? '')).toEqual(readFixture('18').properties.journey_context)
    expect(JSON.parse(journey_metadata ?? '')).toEqual(readFixture('18').properties.journey_metadata)
    expect(rest).toEqual({
      id: 'personas_fixture18',
      received_at: '2026-03-08T15:02:15.908Z',
      user_id: 'u18',
      personas_computation_key: 'onboarding__first_mail_4417p',
      personas_computation_id: 'onboarding__first_mail_4417p',
      personas_activation_id: readFixture('18').context.personas.event_emitter_id,
      personas_computation_class: 'journey_step',
      event_name: readFixture('18').event,
    })
    const members = await bench.query('SELECT user_id, event_name FROM "default".audience_members ORDER BY user_id')
    expect(members).toEqual([
      { user_id: 'u05', event_name: 'Audience Entered' },
      { user_id: 'u15', event_name: 'Audience Entered' },
    ])
  })
})

describe.each(WAREHOUSES)('variants of them on $name', ({ open }) => {
  let bench: SyncBench
  beforeEach(async () => {
    bench = await open()
  })
  afterEach(() => bench.remove())

  test('journey steps of a known user: "true" becomes a boolean', async () => {
    const order = await bench.prepare({
      space: { journeys: [{ key: 'j_o_second_purchase' }] },
      activations: { journey: { computation: { journey: 'j_o_second_purchase' }, classic: {} } },
    })
    await bench.write(
      'steps.ndjson',
      ['16', '17'].map((number) => ({ ...readFixture(number), userId: 'u16' })),
    )
    expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 3 })
    for (const table of ['identifies', 'users', 'audience_entered']) {
      expect(
        await bench.query(`SELECT j_o_second_purchase_got_email_k2f9 AS step FROM engage_default.${table}`),
      ).toEqual([{ step: 'true' }])
    }
    const { audience_entered } = await bench.tables('engage_default')
    expect(audience_entered?.j_o_second_purchase_got_email_k2f9).toMatch(/^boolean$/i)
  })

  test('mobile ids of known users fill the columns only where the activation asks for them', async () => {
    const order = await bench.prepare({
      space: { audiences: [{ key: 'mobile_buyers' }] },
      activations: { mobile: { computation: { audience: 'mobile_buyers' }, classic: { sendMobileIds: true } } },
    })
    await bench.write(
      'mobile.ndjson',
      ['06', '07'].map((number) => ({ ...readFixture(number), userId: `u${number}` })),
    )
    await bench.sync(order)
    const [entered] = await bench.rows('engage_default.audience_entered')
    expect(entered).toMatchObject({
      user_id: 'u06',
      android_idfa: readFixture('06').properties.android_idfa,
      mobile_buyers: 'true',
    })
    const [exited] = await bench.rows('engage_default.audience_exited')
    expect(exited).toMatchObject({
      user_id: 'u07',
      android_idfa: readFixture('07').context.device.advertisingId,
      mobile_buyers: 'false',
    })
  })

  test('columns of storage actions, whatever their names, take the values of their paths', async () => {
    const cart = '$.properties.data_graph_entity_context.shopping_cart'
    const columns = [
      { name: 'Cart', type: 'Json', path: cart },
      { name: '購入', type: 'String', path: 'userId' },
      { name: 'id', type: 'String', path: '$.messageId' },
      { name: '1st product', type: 'String', path: `${cart}.products[0].id` },
    ]
    const order = await bench.prepare({
      space: { audiences: [{ key: 'idle_carts_linked', type: 'Linked' }] },
      activations: {
        carts: {
          computation: { audience: 'idle_carts_linked' },
          storageActions: { table: 'carts', triggers: ['EntityAdded'], columns, mapping: { properties: {} } },
        },
      },
    })
    await bench.write('linked.ndjson', [readFixture('22')])
    expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 1 })
    const [{ cart: json, ...row } = {}] = await bench.rows('"default".carts')
    expect(JSON.parse(json ?? '')).toMatchObject({ id: '321', products: [{ id: '423' }, { id: '984' }] })
    const hashed = Object.keys(row).find((column) => /^_[0-9a-f]{8}$/.test(column)) ?? ''
    expect(row).toEqual({
      id: 'personas_fixture22',
      received_at: '2026-03-07T14:27:10.584Z',
      _id: 'personas_fixture22',
      _1st_product: '423',
      [hashed]: 'u22',
    })
  })

  test('an anonymous profile is in identifies and not in users', async () => {
    const order = await bench.prepare({
      space: { audiences: [{ key: 'portal_partial_access' }] },
      activations: { portal: { computation: { audience: 'portal_partial_access' }, classic: {} } },
    })
    const { userId: _, ...anonymous } = readFixture('02')
    await bench.write('anonymous.ndjson', [anonymous])
    expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 1 })
    expect(await bench.query('SELECT anonymous_id, user_id FROM engage_default.identifies')).toEqual([
      { anonymous_id: 'anon-02', user_id: null },
    ])
    expect(await bench.query('SELECT * FROM engage_default.users')).toEqual([])
  })
})

function read(file: string): Fixture {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))
}

function readFixture(number: string): Fixture {
  return read(FILES.find((file) => file.startsWith(number)) ?? '')
}

function withoutNulls(row: Row | undefined): Row {
  return Object.fromEntries(Object.entries(row ?? {}).filter(([name, value]) => value !== null && name !== 'uuid_ts'))
}
