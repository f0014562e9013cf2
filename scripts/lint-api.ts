// Lints the description of the API against the rules of OpenAPI 3.1; exit code 1 where a rule is broken.
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describeApi } from '../app/http/openapi/document.ts';
import { DESCRIBED } from '../app/http/router.ts';

const config = await createConfig({
  extends: ['recommended-strict'],
  rules: {
    // There is no host name to give: every installation has its own.
    'no-server-example.com': 'off',
    // An operation without parameters has nothing that could be wrong.
    'operation-4xx-response': 'off',
  },
});
const source = JSON.stringify(describeApi(DESCRIBED, '0.0.0', ''));
const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
for (const { ruleId, severity, message, location } of problems)
  console.error(`${severity}: ${ruleId}: ${message} (${location[0]?.pointer ?? ''})`);
if (problems.length > 0) process.exitCode = 1;
