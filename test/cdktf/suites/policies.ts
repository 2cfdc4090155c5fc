import { describe, expect, test } from 'vitest'
import type { Installed } from '../installed.ts'
import { connected, POSTGRES, stackOf } from '../stacks.ts'

export function policies(installed: Installed): void {
  const { engage, tf } = installed
  const { DeletionPolicy, DropObjects, ForbidDelete, RequireLabels, ScheduleFloor, Warehouse, WarehouseDestination } =
    engage

  const appWith = (policy: InstanceType<typeof RequireLabels | typeof ForbidDelete | typeof ScheduleFloor>) => {
    const app = tf.Testing.app()
    const stack = stackOf(installed, 'main', app)
    tf.Aspects.of(stack).add(policy)
    return { app, stack }
  }
  const warehouse = Warehouse.postgres(POSTGRES)

  describe('policies', () => {
    test('RequireLabels', () => {
      const { app, stack } = appWith(new RequireLabels(['team']))
      engage.EngageDefaults.set(stack, { labels: { team: 'growth' } })
      new WarehouseDestination(stack, 'fine', { warehouse })
      expect(() => app.synth()).not.toThrow()
      const other = appWith(new RequireLabels(['team', 'cost']))
      new WarehouseDestination(other.stack, 'main', { warehouse, labels: { team: 'growth' } })
      expect(() => other.app.synth()).toThrow(
        'main/main/Resource: WarehouseDestination/main: metadata.labels: the label cost is missing: write it in labels, or in EngageDefaults of the stack',
      )
    })

    test('ForbidDelete', () => {
      const { app, stack } = appWith(new ForbidDelete())
      const { space, warehouse: destination } = connected(installed, stack)
      const props = { computation: space.addAudience('vip'), classic: {} }
      const activation = destination.activate('vip', { name: 'vip', ...props })
      expect(() => app.synth()).not.toThrow()
      activation.manifest.addOverride('spec.deletionPolicy', DeletionPolicy.DELETE)
      expect(() => app.synth()).toThrow(
        'Activation/vip: spec.deletionPolicy: "Delete" is forbidden here: write DeletionPolicy.RETAIN, or leave it out',
      )
      const other = appWith(new ForbidDelete())
      const schemaPolicy = { dropObjects: DropObjects.APPROVE }
      new WarehouseDestination(other.stack, 'main', { warehouse, schemaPolicy })
      expect(() => other.app.synth()).toThrow('spec.schemaPolicy.dropObjects: "Approve" is forbidden here')
    })

    test('ForbidDelete refuses what only Terraform knows', () => {
      const { app, stack } = appWith(new ForbidDelete())
      const { space, warehouse: destination } = connected(installed, stack)
      const deletionPolicy = new tf.TerraformVariable(stack, 'policy', { type: 'any' }).value
      const computation = space.addAudience('vip')
      destination.activate('vip', { name: 'vip', computation, classic: {}, deletionPolicy })
      expect(() => app.synth()).toThrow(
        'Activation/vip: spec.deletionPolicy: a token may stand for "Delete", which is forbidden here: write DeletionPolicy.RETAIN, or leave it out',
      )
    })

    test.each([
      ['spec.schemaPolicy.dropObjects', '"Approve"'],
      ['spec.schemaPolicy', 'dropObjects "Approve"'],
    ])('ForbidDelete refuses a token at %s', (path, hidden) => {
      const { app, stack } = appWith(new ForbidDelete())
      const { manifest } = new WarehouseDestination(stack, 'main', { warehouse })
      manifest.addOverride(path, new tf.TerraformVariable(stack, 'policy', { type: 'any' }).value)
      expect(() => app.synth()).toThrow(
        `${path}: a token may stand for ${hidden}, which is forbidden here: write DropObjects.FORBID, or leave it out`,
      )
    })

    test.each([
      ['0 * * * *', 60, true],
      ['*/15 8-18 * * mon-fri', 15, true],
      ['*/15 8-18 * * mon-fri', 30, false],
      ['0,1 3 * * *', 60, false],
      ['0 0 29 2 *', 1440, true],
    ])('ScheduleFloor: %s with %i minutes between', (schedule, minutes, fine) => {
      const { app, stack } = appWith(new ScheduleFloor(minutes))
      new WarehouseDestination(stack, 'main', { warehouse, sync: { schedule } })
      if (fine) expect(() => app.synth()).not.toThrow()
      else {
        expect(() => app.synth()).toThrow(
          new RegExp(
            `spec.sync.schedule: "${schedule.replaceAll('*', '\\*')}" syncs every \\d+ minutes: write one with ${minutes} or more between`,
          ),
        )
      }
    })

    test('on the app hold in all its stacks', () => {
      const app = tf.Testing.app()
      new WarehouseDestination(stackOf(installed, 'main', app), 'main', { warehouse })
      tf.Aspects.of(app).add(new RequireLabels(['team']))
      expect(() => app.synth()).toThrow(
        'main/main/Resource: WarehouseDestination/main: metadata.labels: the label team is missing',
      )
    })

    test('hold where validations are skipped', () => {
      const app = new tf.App({ outdir: tf.Testing.app().outdir, skipValidation: true })
      const stack = stackOf(installed, 'main', app)
      tf.Aspects.of(stack).add(new RequireLabels(['team']))
      new WarehouseDestination(stack, 'main', { warehouse })
      expect(() => app.synth()).toThrow('the label team is missing')
    })

    test('hold for YAML and for assertions', () => {
      const { stack } = appWith(new ForbidDelete())
      const { space, warehouse: destination } = connected(installed, stack)
      const computation = space.addAudience('vip')
      destination.activate('vip', { computation, classic: {}, deletionPolicy: DeletionPolicy.DELETE })
      expect(() => engage.EngageManifests.toYaml(stack)).toThrow('spec.deletionPolicy: "Delete" is forbidden here')
      expect(() => engage.EngageAssertions.fromConstruct(stack)).toThrow('"Delete" is forbidden here')
    })

    test('ScheduleFloor knows the default schedule', () => {
      const { app, stack } = appWith(new ScheduleFloor(120))
      new WarehouseDestination(stack, 'main', { warehouse })
      expect(() => app.synth()).toThrow('spec.sync.schedule: "0 * * * *" syncs every 60 minutes')
    })
  })
}
