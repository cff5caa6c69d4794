/** Writing a model field in some worlds equals writing it in MuJoCo and calling mj_setConst. */
import * as assert from 'uvu/assert'
import { close, create, testList, thrown } from './host.js'

const { list, test } = testList()
export const constantTests = list

test('each world with another field changed: what follows is that of mj_setConst', async host => {
  const { written } = host.answers
  const nworld = written.length
  const batch = await create(host, 'written', { nworld })
  const { field } = batch.model
  written.forEach(({ field: name, values }, w) => {
    const rows = Array.from({ length: nworld }, (_, i) => (i === w ? values : [...field[name]]))
    batch.set(name, rows.flat())
  })
  for (const name of Object.keys(written[0].state))
    batch.set(
      name,
      written.flatMap(({ state }) => state[name]),
    )
  // accelerations and readings of a step are those of the state it began with
  await batch.step()
  for (const name of Object.keys(written[0].results)) {
    const ours = await batch.get(name)
    const size = batch.size(name)
    written.forEach(({ field: changed, results, scale }, w) => {
      const floor = name === 'qacc' ? scale : 1e-3
      close(`${changed} written, ${name}`, ours.subarray(w * size, (w + 1) * size), results[name], 2e-4, floor)
    })
  }
  batch.dispose()
})

test('fields that a model had none of work at once', async host => {
  const batch = await create(host, 'sledge', { nworld: 2 })
  const own = await create(host, 'sledge, all its own', { nworld: 2 })
  for (const b of [batch, own]) b.set('qvel', [0.5, 2])
  // the model's constants are made, and kernels chosen
  await batch.step()
  batch.reset()
  batch.set('qvel', [0.5, 2])
  batch.set('opt_density', [500])
  batch.set('tendon_stiffness', [20])
  for (const b of [batch, own]) await b.step(50)
  assert.equal(await batch.get('qpos'), await own.get('qpos'))
  for (const b of [batch, own]) b.dispose()
})

test('the bounding radius follows the size', async host => {
  const batch = await create(host, 'written', { nworld: 2 })
  const { field, ngeom } = batch.model
  assert.equal([...new Set(field.geom_type)].sort(), [0, 2, 3, 4, 5, 6])
  const radii = await batch.get('geom_rbound')
  batch.set('geom_size', field.geom_size)
  assert.equal(await batch.get('geom_rbound'), radii)
  batch.set(
    'geom_size',
    field.geom_size.map(x => 2 * x),
    { worlds: [1] },
  )
  const grown = await batch.get('geom_rbound')
  for (let g = 0; g < ngeom; g++) {
    assert.is(grown[g], radii[g])
    assert.ok(Math.abs(grown[ngeom + g] - 2 * radii[g]) < 1e-6)
  }
  assert.match(await thrown(() => batch.set('geom_rbound', radii)), /^FIELD_READONLY/)
  batch.dispose()
})
