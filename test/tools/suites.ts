import ts from 'typescript'

/**
 * Reasons why a uvu test file would lose tests in silence: a suite that is never run, a test registered after the
 * last `run()`, a `.only` left behind. Empty when the file is sound.
 *
 * @param text source of the file
 */
export function lostTests(text: string): string[] {
  const source = ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest, true)
  const suites = suiteNames(source)
  const registered = new Map<string, number>()
  const run = new Map<string, number>()
  const reasons: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const { expression } = node
      const at = node.getStart()
      if (ts.isIdentifier(expression)) {
        if (suites.has(expression.text)) registered.set(expression.text, at)
        // a suite handed to a helper is registered there: skippable(test, …)
        for (const argument of node.arguments) {
          if (ts.isIdentifier(argument) && suites.has(argument.text)) registered.set(argument.text, at)
        }
      } else if (ts.isPropertyAccessExpression(expression) && ts.isIdentifier(expression.expression)) {
        const name = expression.expression.text
        if (suites.has(name) && expression.name.text === 'run') run.set(name, at)
        if (suites.has(name) && expression.name.text === 'skip') registered.set(name, at)
        if (suites.has(name) && expression.name.text === 'only') {
          registered.set(name, at)
          const line = source.getLineAndCharacterOfPosition(at).line + 1
          reasons.push(`line ${line}: ${name}.only leaves the other tests of the file out`)
        }
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  for (const [name, at] of registered) {
    const ran = run.get(name)
    if (ran === undefined) reasons.push(`${name}.run() is missing: its tests never run`)
    else if (ran < at) reasons.push(`a test is registered after ${name}.run(): it never runs`)
  }
  return reasons
}

/** local names of uvu's `test` and of what `suite(…)` made */
function suiteNames(source: ts.SourceFile): Set<string> {
  const names = new Set<string>()
  let suite: string | undefined
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue
    const bindings = statement.importClause?.namedBindings
    if (statement.moduleSpecifier.text !== 'uvu' || bindings === undefined || !ts.isNamedImports(bindings)) continue
    for (const element of bindings.elements) {
      const imported = (element.propertyName ?? element.name).text
      if (imported === 'test') names.add(element.name.text)
      if (imported === 'suite') suite = element.name.text
    }
  }
  const visit = (node: ts.Node): void => {
    const made =
      ts.isVariableDeclaration(node) &&
      ts.isIdentifier(node.name) &&
      node.initializer !== undefined &&
      ts.isCallExpression(node.initializer) &&
      ts.isIdentifier(node.initializer.expression) &&
      node.initializer.expression.text === suite
    if (made) names.add((node.name as ts.Identifier).text)
    ts.forEachChild(node, visit)
  }
  if (suite !== undefined) visit(source)
  return names
}
