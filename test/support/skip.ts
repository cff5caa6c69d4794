import type { Test } from 'uvu'

/** Registers a test, or a loud counted skip saying what is missing. */
export function skippable(
  test: Test,
  condition: boolean,
  reason: string,
): (name: string, fn: () => void | Promise<void>) => void {
  return (name, fn) => {
    if (condition) {
      test(name, fn)
      return
    }
    console.error(`SKIP ${name}: ${reason}`)
    test.skip(name, fn)
  }
}
