import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'

const CODE = /\.(ts|mts|cts|js|mjs|cjs)$/

/** Source files under these folders of root, as sorted paths relative to root with forward slashes. */
export function sourceFiles(root: string, folders: readonly string[]): string[] {
  const files: string[] = []
  for (const folder of folders) {
    const top = path.join(root, folder)
    if (!existsSync(top)) continue
    for (const entry of readdirSync(top, { recursive: true, withFileTypes: true })) {
      const file = path.relative(root, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/')
      if (entry.isFile() && CODE.test(file) && !file.includes('node_modules/')) files.push(file)
    }
  }
  return files.sort()
}

/** The syntax tree of one file; comments and strings are where they belong. */
export function parseSource(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
}

/** 1-based line of a node. */
export function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
}
