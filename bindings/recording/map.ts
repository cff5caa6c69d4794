import type { FilterSpec } from './filter.js'

export type RecordingFormat = 'csv' | 'jsonl' | 'json' | 'mcap'

/** What to do about cells that are NaN, null, blank or infinite. */
export type NanPolicy = 'error' | 'drop'

/** What to do about stamps that do not increase: refuse, sort (of equal stamps the first stays), or drop the late ones. */
export type ClockPolicy = 'error' | 'sort' | 'drop'

/** Keeps rows whose column or field equals the value, or one of the values: { "type": "state", "motor": [1, 2] }. */
export type RowFilter = Readonly<Record<string, string | number | boolean | readonly (string | number | boolean)[]>>

export interface CsvMap {
  /** default: whichever of , ; tab | is most frequent in the header */
  readonly delimiter?: ',' | ';' | '\t' | '|'
  /** decimal separator; default '.' */
  readonly decimal?: '.' | ','
  /** names of the columns of a file without a header line */
  readonly header?: readonly string[]
  /** what a blank cell means: a value that is lost ('nan', default) or no sample here ('missing': several rates in one table) */
  readonly blank?: 'nan' | 'missing'
}

/**
 * Where time comes from. Without column, field, clock or rate: the column or field named time, t, timestamp or stamp;
 * in MCAP the log time.
 */
export interface TimeMap {
  /** CSV: header name, or position from 0 */
  readonly column?: string | number
  /** JSON, MCAP: path to a number, a string of digits, or a ROS stamp { sec, nanosec } */
  readonly field?: string
  /** MCAP: the message's own stamp instead of a field */
  readonly clock?: 'log' | 'publish'
  /** s, ms, us, ns, or any unit of time; default: what the header says, or s (MCAP and ROS stamps are ns by themselves) */
  readonly unit?: string
  /** multiplies the raw value, before the unit */
  readonly scale?: number
  /** Hz: time is the value (or, without column and field, the row's index) divided by this */
  readonly rate?: number
  /** 'zero': the earliest stamp under this entry becomes 0; 'keep': as logged. Default 'keep', for MCAP and ROS stamps 'zero' */
  readonly origin?: 'zero' | 'keep'
  readonly comment?: string
}

/**
 * One channel. Its SI value is unit(scale * raw + offset), raw taken as two's complement first if `signed16`.
 * Without column or field: the column or field named like the channel.
 */
export interface ChannelMap {
  /** CSV: header name (with or without its unit), `positions[2]` of a column of lists, or position from 0 */
  readonly column?: string | number
  /** JSON, MCAP: path, `state.positions[2]`, `/state/positions/2`, or `position[elbow]` of a JointState */
  readonly field?: string
  /** MCAP */
  readonly topic?: string
  /** unit of scale * raw + offset; default: the header's. Without any, or with '', values are taken as SI */
  readonly unit?: string
  readonly scale?: number
  readonly offset?: number
  /** true: into [-pi, pi); a number: into half that period either side of 0, in `unit` */
  readonly wrap?: boolean | number
  /** undo jumps of a turn (true), or of this period in `unit` */
  readonly unwrap?: boolean | number
  /** between samples; default 'linear', and 'hold' for true/false, words and actuator enable */
  readonly interpolation?: 'linear' | 'hold'
  /** model input this feeds: 'actuator/elbow/ctrl' … Default: the channel's name if it is one; '' none */
  readonly drives?: string
  /** model output this observes: 'joint/elbow/qpos' … Default: the channel's name if it is one; '' none */
  readonly measures?: string
  /** weight in the fit; default 1 */
  readonly weight?: number
  /** the raw number is a 16-bit register read as unsigned: 65535 is -1 */
  readonly signed16?: boolean
  /** numbers for words: { "on": 1, "off": 0 }; true and false need none */
  readonly enum?: Readonly<Record<string, number>>
  /** replaces the file's `rows` */
  readonly rows?: RowFilter
  /** replaces the file's `time` */
  readonly time?: TimeMap
  /** s added to this channel's time, on top of the file's */
  readonly shift?: number
  readonly onNaN?: NanPolicy
  readonly onClock?: ClockPolicy
  readonly comment?: string
}

/** A channel computed from another: velocity from position by a stated filter. */
export interface DeriveMap {
  /** the channel to differentiate */
  readonly from: string
  readonly filter: FilterSpec
  readonly measures?: string
  readonly weight?: number
  readonly comment?: string
}

/** One of several files that make a recording. */
export interface FileMap {
  /** beside the source (in it, when the source is a folder); default: the source itself */
  readonly file?: string
  /** the source's file name with the first text replaced by the second: ["_state", "_command"] */
  readonly replace?: readonly [string, string]
  readonly format?: RecordingFormat
  readonly csv?: CsvMap
  readonly entries?: string
  readonly time?: TimeMap
  readonly rows?: RowFilter
  /** s added to this file's time: its clock's offset */
  readonly shift?: number
  readonly channels: Readonly<Record<string, ChannelMap>>
  readonly comment?: string
}

/** The mapping file: how a log becomes a Recording. */
export interface RecordingMap {
  /** name of the recording; {file}, {folder} stand for the source's name without extension and its folder. Default {file} */
  readonly name?: string
  readonly format?: RecordingFormat
  readonly csv?: CsvMap
  /** JSON documents: pointer to the list of entries, or to an object of lists; default: the only list of objects */
  readonly entries?: string
  readonly time?: TimeMap
  readonly rows?: RowFilter
  /** s added to every time */
  readonly shift?: number
  /** channels of the source itself; or use `files` */
  readonly channels?: Readonly<Record<string, ChannelMap>>
  readonly files?: readonly FileMap[]
  /** numbers, or paths into the document ('/kp'; JSON Lines: first line that has it; MCAP: /metadata name/key) */
  readonly constants?: Readonly<Record<string, number | string>>
  readonly derive?: Readonly<Record<string, DeriveMap>>
  readonly onNaN?: NanPolicy
  readonly onClock?: ClockPolicy
  /** a hole longer than this many median periods is reported; default 5 */
  readonly gap?: number
  readonly comment?: string
}
