import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseExpression } from '../../bindings/model/expression.js'
import { refused } from './parameter-error.js'

/** value of an expression for named numbers */
function evaluate(text: string, values: Record<string, number> = {}): number {
  const names = Object.keys(values)
  return parseExpression(text).compile(name => names.indexOf(name))(Object.values(values))
}

test('precedence, associativity and signs', () => {
  const cases: [text: string, value: number][] = [
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['8 / 4 / 2', 1],
    ['8 - 4 - 2', 2],
    ['2 ^ 3 ^ 2', 512],
    ['-2 ^ 2', -4],
    ['(-2) ^ 2', 4],
    ['2 ^ -1', 0.5],
    ['2 * -3', -6],
    ['--3', 3],
    ['+3', 3],
    ['1e-3 * 2.5E2', 0.25],
    ['.5 + 5.', 5.5],
    ['sqrt(16) + abs(-3)', 7],
    ['min(3, 1, 2) + max(4, 9)', 10],
    ['exp(0) + log(1)', 1],
    ['2^10', 1024],
    ['9^0.5', 3],
  ]
  for (const [text, value] of cases) assert.ok(Math.abs(evaluate(text) - value) < 1e-12, `${text} = ${evaluate(text)}`)
  assert.ok(Math.abs(evaluate('pi') - Math.PI) < 1e-15)
  assert.is(evaluate('x^2', { x: 0.1 }), 0.1 * 0.1)
})

test('the gain of a hobby servo from its firmware gain', () => {
  const values = { kp: 32, kt: 1.21, vin: 7.4, R: 2.68 }
  assert.is(evaluate('kp*0.166*kt*vin/R', values), (32 * 0.166 * 1.21 * 7.4) / 2.68)
})

test('names: plain, dotted and in braces; each listed once in order', () => {
  const e = parseExpression('a.b_1 * {body/arm/mass} + c - a.b_1')
  assert.equal(e.names, ['a.b_1', 'body/arm/mass', 'c'])
  assert.is(evaluate('{joint/*/x} + 1', { 'joint/*/x': 2 }), 3)
})

test('errors point at the column', () => {
  const cases: [text: string, column: number, what: RegExp][] = [
    ['1 +', 4, /ends where a number, a name or \( was expected/],
    ['', 1, /ends where/],
    ['1 2', 3, /expected an operator, got '2'/],
    ['(1 + 2', 7, /'\)'/],
    ['2kp', 2, /operator is missing/],
    ['a $ b', 3, /'\$' has no meaning/],
    ['sqr(2)', 1, /no function 'sqr'; nearest: 'sqrt'/],
    ['sqrt', 1, /needs its arguments/],
    ['sqrt(1, 2)', 1, /takes 1 argument, got 2/],
    ['a * ) b', 5, /got '\)'/],
    ['{a/b', 1, /never closed/],
    ['constructor(1)', 1, /no function 'constructor'/],
    ['a;b', 2, /';' has no meaning/],
    ['a[0]', 2, /'\[' has no meaning/],
  ]
  for (const [text, column, what] of cases) {
    const error = refused(() => parseExpression(text, 'here'))
    assert.is(error.code, 'EXPRESSION')
    assert.is(error.place, 'here')
    assert.ok(error.message.includes(`column ${column}:`), `'${text}': ${error.message}`)
    assert.match(error.message, what)
  }
})

test('hostile text is refused, not evaluated', () => {
  assert.match(refused(() => parseExpression('('.repeat(5000))).message, /nested too deeply|words/)
  assert.match(refused(() => parseExpression('-'.repeat(1500))).message, /nested too deeply/)
  assert.match(refused(() => parseExpression(`${'1+'.repeat(5000)}1`)).message, /words/)
  assert.is(evaluate('toString', { toString: 4 } as unknown as Record<string, number>), 4)
})

test('a random tree prints to text that evaluates to the value of the tree', () => {
  type Tree = { text: string; value: number }
  const binary =
    (op: string, f: (a: number, b: number) => number) =>
    (a: Tree, b: Tree): Tree => ({
      text: `(${a.text} ${op} ${b.text})`,
      value: f(a.value, b.value),
    })
  const { tree } = fc.letrec<{ tree: Tree; leaf: Tree }>(tie => ({
    leaf: fc.integer({ min: 1, max: 9 }).map(n => ({ text: String(n), value: n })),
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      tie('leaf'),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => binary('+', (x, y) => x + y)(a, b)),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => binary('-', (x, y) => x - y)(a, b)),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => binary('*', (x, y) => x * y)(a, b)),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => binary('/', (x, y) => x / y)(a, b)),
      tie('tree').map(a => ({ text: `-${a.text}`, value: -a.value })),
    ),
  }))
  fc.assert(
    fc.property(tree, t => Object.is(evaluate(t.text), t.value)),
    { seed: 3, numRuns: 500 },
  )
})

test.run()
