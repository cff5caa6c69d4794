/** Tasks by the words of a command line: a name of the library, or a module of one's own. */
import { TaskError } from '../errors.js'
import { nodeModule } from '../host.js'
import { nearestHint } from '../model/glob.js'
import type { Task } from '../task/index.js'

const MODULE = /\.[cm]?[jt]s$/

/** How a run finds its task again. */
export type TaskReference = string

/** Words that loadTask turns into this task; undefined for a task that is in no library. */
export async function referenceOf(task: Task): Promise<TaskReference | undefined> {
  const { tasks } = await import('../tasks/registry.js')
  return tasks[task.name]?.() === task ? task.name : undefined
}

/**
 * The task of some words: a name of the library, or the path of a .js, .mjs or .ts module whose default export is a task.
 *
 * @throws {TaskError} TASK_UNKNOWN when there is no such name, TASK_MODULE when the module has no task or cannot be imported
 */
export async function loadTask(words: TaskReference): Promise<Task> {
  if (MODULE.test(words)) return loadModule(words)
  const { tasks } = await import('../tasks/registry.js')
  if (Object.hasOwn(tasks, words)) return tasks[words]()
  const known = Object.keys(tasks)
  throw new TaskError(
    'TASK_UNKNOWN',
    `there is no task '${words}'${nearestHint(words, known)}: name one of ${known.join(', ')}, or the path of a module`,
  )
}

async function loadModule(path: string): Promise<Task> {
  const fail = (message: string, cause?: unknown): TaskError =>
    new TaskError('TASK_MODULE', message, { place: path, cause })
  if (!nodeModule('node:fs').existsSync(path)) throw fail('there is no such file')
  let found: { default?: unknown }
  try {
    const { href } = nodeModule('node:url').pathToFileURL(path)
    found = await import(/* webpackIgnore: true */ /* @vite-ignore */ href)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION')
      throw fail('this Node does not read TypeScript: use Node 22.18 or later, or JavaScript', cause)
    throw fail(`cannot be imported: ${message}`, cause)
  }
  const task = found.default
  // not instanceof: the module may have its own copy of simcrank
  const it = (typeof task === 'object' && task !== null ? task : {}) as Partial<Task>
  const isTask =
    typeof it.name === 'string' &&
    typeof it.compile === 'function' &&
    typeof it.load === 'function' &&
    typeof it.options?.define === 'function'
  if (!isTask) throw fail('has no task: `export default defineTask({…})`')
  return task as Task
}
