// The task: text of bindings/task/kernel.ts takes the place of this file, whose task does nothing.

const ACTION: i32 = 0;
const DELAYED: i32 = 0;
const OBSERVATION: i32 = 0;
const COMMAND: i32 = 0;
const CONTROL: i32 = 0;
const TERM: i32 = 0;
const METRIC: i32 = 0;
const TERMINATED: i32 = 0;
const NIO: i32 = 1;

/** a new episode begins: initial state and variables */
fn resetSegment() { }
/** after the poses of the new state are known: what history has before the first step */
fn initSegment() { }
/** observation of s_t, then history takes its place */
fn observeSegment() { }
/** action a_t to commands */
fn actSegment() { }
/** before every timestep: delayed commands to controls */
fn substepSegment() { }
/** after the timesteps: variables with dynamics of their own */
fn dynamicsSegment() { }
/** reward terms, metrics, termination */
fn rewardSegment() { }
/** after the reward: commands drawn anew */
fn updateSegment() { }
