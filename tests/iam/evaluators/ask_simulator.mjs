// Asks @cloud-copilot/iam-simulate. Standard input: {policies, questions}, as evaluators.py writes them.
// Standard output: the decision on each question. A request that AWS could not make ends it with an error.
//
// Its engine is called as its own runUnsafeSimulation calls it (dist/cjs/simulation_engine), which cannot load a
// resource policy in this version; its runSimulation drops every key of an encryption context.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(join(process.cwd(), 'package.json'))
const inside = (file) => require(join(process.cwd(), 'node_modules/@cloud-copilot/iam-simulate/dist/cjs', file))
const { loadPolicy } = require('@cloud-copilot/iam-policy')
const { allowedContextKeysForRequest, isWildcardOnlyAction } = require('@cloud-copilot/iam-simulate')
const { DiscoveryContextKeyConstraints } = inside('context_keys/discoveryContextKeyConstraints.js')
const { authorize } = inside('core_engine/CoreSimulatorEngine.js')
const { AwsRequestImpl } = inside('request/request.js')
const { RequestContextImpl } = inside('requestContext.js')

const { policies, questions } = JSON.parse(readFileSync(0, 'utf-8'))
const simulationParameters = {
  simulationMode: 'Strict',
  discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints([]),
}
const loaded = new Map()
const known = new Map()

function policy(name) {
  if (!loaded.has(name)) loaded.set(name, loadPolicy(policies[name], { name }))
  return loaded.get(name)
}

async function check({ action, resource, context }) {
  // It does not know every resource of API Gateway, which no condition is about.
  if (Object.keys(context).length === 0) return
  const kind = `${action} ${resource.replace(/[^:/]+/g, 'x')}`
  if (!known.has(kind)) known.set(kind, await allowedContextKeysForRequest(...action.split(':'), resource))
  for (const key of Object.keys(context).map((key) => key.toLowerCase())) {
    // Not in AWS's list: https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    if (key === 'lambda:sourcefunctionarn') continue
    // "kms:encryptioncontext:${encryptioncontextkey}" stands for a key with any ending.
    const fits = known.get(kind).some((name) => name === key || (name.includes('${') && key.startsWith(name.split('${')[0])))
    if (!fits) throw new Error(`AWS does not fill ${key} for ${action} on ${resource}`)
  }
}

const decisions = []
for (const question of questions) {
  await check(question)
  const { principal, action, context, identity, resourcePolicy, boundary } = question
  // An action on no resource of its own is asked for all of them.
  const resource = (await isWildcardOnlyAction(...action.split(':'))) ? '*' : question.resource
  const accountId = resource.split(':')[4] || principal.split(':')[4]
  const { result } = authorize({
    request: new AwsRequestImpl(principal, { resource, accountId }, action, new RequestContextImpl(context)),
    sessionPolicy: undefined,
    identityPolicies: identity.map(policy),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: resourcePolicy === null ? undefined : policy(resourcePolicy),
    permissionBoundaries: boundary === null ? undefined : [policy(boundary)],
    vpcEndpointPolicies: undefined,
    simulationParameters,
    serviceSettings: { s3: {} },
  })
  decisions.push(result)
}
process.stdout.write(JSON.stringify(decisions))
