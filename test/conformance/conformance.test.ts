import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Case, expectationOf, type RunnerName } from './case.ts'
import { TOPICS } from './catalogue.ts'
import { RUNNERS, type Subject } from './runners.ts'
import { createStage } from './stage.ts'

// AG-UI's client prints each error that an agent throws, and here they are thrown on purpose.
vi.spyOn(console, 'error').mockImplementation(() => {})
vi.spyOn(console, 'warn').mockImplementation(() => {})

const check = async (subject: Subject, name: RunnerName, case_: Case): Promise<void> => {
  const stage = createStage(subject)
  const outcome = await case_.observe(stage)
  const how = case_.asGiven ? 'as given' : 'mended'
  const rejectedBy = case_.unverified === undefined ? await stage.rejectedBy(how) : []
  expect({ outcome, rejectedBy }).toEqual(expectationOf(case_, name))
}

// Loops, and not describe.each, which would cut the titles short.
for (const { name, title, open } of RUNNERS) {
  describe(title, () => {
    let subject: Subject
    beforeAll(async () => {
      subject = await open()
    })
    afterAll(() => subject?.close())

    for (const topic of TOPICS) {
      describe(topic.title, () => {
        for (const case_ of topic.cases) {
          const put = case_.alone ? it : it.concurrent
          put(case_.title, () => check(subject, name, case_))
        }
      })
    }
  })
}
