/** What a scenario measured, as bench/results/<scenario>.json has it. */
export interface Result {
  /** File name, and what charts and documentation call it by. */
  scenario: string
  title: string
  metric: string
  unit: 'ms' | 'events/s' | 'runs/s' | 'MiB' | 'KiB'
  better: 'less' | 'more'
  /** ISO time of the measurement. */
  taken: string
  /** Whether rounds were too short for more than a first look. */
  quick: boolean
  /** Rows are medians over so many rounds, contestants taking turns within each. */
  rounds: number
  machine: Machine
  /** By contestant. */
  versions: Record<string, Record<string, string>>
  rows: Row[]
  /** What a reader has to know to judge the figures. */
  notes: string[]
}

export interface Machine {
  cpu: string
  cores: number
  memoryGiB: number
  os: string
  node: string
  java: string
}

export interface Row {
  load: string
  ours: number
  /** The bare Kafka client on the same broker. */
  floor?: number
  /** By label; null where one cannot do it, or did not get through. */
  peers: Record<string, number | null>
  /** ours / floor */
  ratio?: number
  target?: string
  met?: boolean
  /** Least and greatest round of each: 'ours', 'floor' or a peer's label. */
  spread: Record<string, [least: number, greatest: number]>
}
