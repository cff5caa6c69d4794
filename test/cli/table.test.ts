import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseParams } from '../../bindings/cli/input.js'
import { toJson } from '../../bindings/cli/io.js'
import { textTable } from '../../bindings/cli/table.js'
import { loadModel } from '../../bindings/model/load.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'
import { pendulumXml, SPACE } from './workshop.js'

test('columns line up, numbers at the right, empty columns are left out', () => {
  const columns = [{ head: 'name' }, { head: 'x', right: true }, { head: 'gone' }, { head: 'unit' }]
  const rows = [
    ['a', '1.5', '', 'kg'],
    ['Trägheit', '10.25', '', ''],
  ]
  assert.is(textTable(columns, rows), '  name          x  unit\n  a           1.5  kg\n  Trägheit  10.25')
})

test('control characters become question marks', () => {
  assert.is(textTable([{ head: 'x' }], [['a\u001b[2J\n\u009bb']], ''), 'x\na?[2J??b')
})

test('JSON: typed arrays are lists, what JSON lacks is null', () => {
  assert.equal(JSON.parse(toJson({ a: Float64Array.of(1, Number.NaN), b: Number.POSITIVE_INFINITY })), {
    a: [1, null],
    b: null,
  })
})

test('parameter values: a plain object, or a result', async () => {
  const space = ParameterSpace.from(await loadModel(pendulumXml()), SPACE as never)
  const plain = { friction: 0.02, damping: 0.1 }
  assert.equal([...parseParams(JSON.stringify(plain), space, 'p')], [0.1, 0.02])
  assert.equal([...parseParams(JSON.stringify({ theta: plain, cost: 1 }), space, 'p')], [0.1, 0.02])
  for (const text of [
    '[1, 2]',
    '"x"',
    '{',
    'null',
    '{"damping": "0.1", "friction": 1}',
    '{"damping": null, "friction": 1}',
  ]) {
    assert.throws(
      () => parseParams(text, space, 'p.json'),
      (error: Error & { code?: string }) => error.code === 'PARAMS' && error.message.startsWith('p.json: '),
    )
  }
})

test.run()
