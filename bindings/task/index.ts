export type { ActionMap, CustomAction, PdAction, PositionAction, TorqueAction } from './action.js'
export type { ActuatorView, BodyView, GeomView, JointView, SiteView, TendonView } from './elements.js'
export { emptyModel } from './empty-model.js'
export { Expr, type ExprLike, type Operand, Quat, type Reading, type Scalar, Vec, vec } from './expr.js'
export * from './functions.js'
export { type Chance, Interpreter } from './interpret.js'
export type { Noise, StateOptions, TaskInput, VariableOptions } from './memory.js'
export type { Initial, Scope } from './scope.js'
export {
  type CommandDelay,
  type CompiledTask,
  defineTask,
  type Task,
  type TaskDescription,
  type TaskNames,
  type TaskOptions,
  type TaskUnits,
} from './task.js'
export type { Resettable, TaskTerms } from './terms.js'
