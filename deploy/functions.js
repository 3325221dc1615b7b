"use strict";
// What serverless.yml says of each model, from models/NAME/function.yml
// (torch, memory, time-out) and models/NAME/openapi.yaml (routes):
// its function, its image where it has torch, its role and
// its alarm. A new model adds its folder, and nothing here.
const fs = require("fs");
const path = require("path");
const yaml = require("js-yaml");
const { isOn } = require("./guards/guards");

const FOLDER = path.join(__dirname, "..", "models");
const read = (name, file) => yaml.load(fs.readFileSync(path.join(FOLDER, name, file), "utf8"));
const models = fs
  .readdirSync(FOLDER)
  .filter((name) => fs.existsSync(path.join(FOLDER, name, "function.yml")))
  .sort();
const each = (make, names = models) =>
  Object.fromEntries(names.map((name) => make(name, read(name, "function.yml"))));
const inImages = models.filter((name) => read(name, "function.yml").torch !== "none");
/** "street_signs" -> "StreetUnderscoresigns" as CloudFormation's logical names have it, by osls. */
const logical = (name) => (name[0].toUpperCase() + name.slice(1)).replace(/_/g, "Underscore");

/** Each call of the contract; wherever GET is, so is HEAD. */
function routes(name) {
  const calls = Object.entries(read(name, "openapi.yaml").paths);
  return calls.flatMap(([place, item]) =>
    Object.keys(item)
      .flatMap((method) => (method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()]))
      .map((method) => ({ httpApi: `${method} ${place}` })),
  );
}

/** The package of a function: a zip without torch, an image with it. */
const code = (name, torch) =>
  torch === "none"
    ? { handler: `handler.${name}`, package: { artifact: `build/${name}.zip` } }
    : { image: { name, command: [`handler.${name}`] } };

const model =
  (keyed) =>
  (name, { torch, memory, timeout }) => [
    name,
    {
      ...code(name, torch),
      role: `${logical(name)}Role`,
      memorySize: memory,
      timeout,
      reservedConcurrency: "${self:custom.most.${param:most}, param:most}",
      provisionedConcurrency: "${param:warm}",
      environment: {
        WEIGHTS_VERSION: `\${param:${name}-version, ''}`,
        ...(keyed ? { KEYS_TABLE: { Ref: "KeyCounts" } } : {}),
      },
      events: routes(name),
    },
  ];

const { memory: memorySize, timeout } = yaml.load(
  fs.readFileSync(path.join(FOLDER, "..", "web", "function.yml"), "utf8"),
);
const api = {
  handler: "handler.api",
  role: "ApiRole",
  memorySize,
  timeout,
  reservedConcurrency: "${self:custom.most.${param:most}, param:most}",
  environment: { MODELS: models.join(",") },
  package: { artifact: "build/api.zip" },
  events: ["GET /health", "HEAD /health", "GET /models", "HEAD /models", "*"].map((httpApi) => ({ httpApi })),
};

/**
 * For bulk work the same code, memory and weights once more, with a share of the containers that is its own, so
 * that it can never starve the page, and with the longest time-out that there is.
 */
const batches = each((name, { torch, memory }) => [
  `${name}-bulk`,
  {
    ...code(name, torch),
    role: `${logical(name)}BulkRole`,
    memorySize: memory,
    timeout: 900,
    reservedConcurrency: "${self:custom.most.${param:most}, param:bulk-most}",
    environment: { WEIGHTS_VERSION: `\${param:${name}-version, ''}` },
  },
]);
const isBulk = (resolveVariable) => isOn(resolveVariable, "bulk");
/** deploy/bulk.yml, where a stage asks for it; and what its state machine may start. */
const bulk = async ({ resolveVariable }) =>
  (await isBulk(resolveVariable)) ? await resolveVariable("file(deploy/bulk.yml)") : {};
const bulkFunctions = models.map((name) => ({
  "Fn::GetAtt": [`${logical(name)}DashbulkLambdaFunction`, "Arn"],
}));

/** Of torch 2: today's CPU build on Python 3.11, by the same Dockerfile. */
const TODAY = {
  PYTHON: "public.ecr.aws/docker/library/python:3.11-slim-bookworm",
  WHEELS: "https://download.pytorch.org/whl/cpu/torch/",
};
const images = each(
  (name, { torch }) => [
    name,
    {
      path: "./",
      platform: "linux/amd64",
      provenance: "false", // or docker wraps the image in an index, which Lambda refuses
      buildArgs: { MODEL: name, ...(String(torch) === "2" ? TODAY : {}) },
    },
  ],
  inImages,
);

/**
 * One role a function: it writes its own log and reads its own
 * weights, api the records of all; none lists, writes or deletes.
 */
function role(name, readable, kind = "", more = []) {
  const log = `log-group:/aws/lambda/\${self:service}-\${sls:stage}-${name}${kind && "-bulk"}:*`;
  return [
    `${logical(name)}${kind}Role`,
    {
      Type: "AWS::IAM::Role",
      Properties: {
        AssumeRolePolicyDocument: {
          Version: "2012-10-17",
          Statement: [
            { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
          ],
        },
        Policies: [
          {
            PolicyName: name,
            PolicyDocument: {
              Version: "2012-10-17",
              Statement: [
                {
                  Effect: "Allow",
                  Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
                  Resource: {
                    "Fn::Sub": `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:${log}`,
                  },
                },
                {
                  Effect: "Allow",
                  Action: "s3:GetObject",
                  Resource: { "Fn::Sub": `\${WeightsBucket.Arn}/models/${readable}` },
                },
                ...more,
              ],
            },
          },
        ],
      },
    },
  ];
}

/** Where a stage asks for keys: read their hashes, count their calls. */
const ofKeys = [
  { Effect: "Allow", Action: "s3:GetObject", Resource: { "Fn::Sub": "${WeightsBucket.Arn}/keys.json" } },
  { Effect: "Allow", Action: "dynamodb:UpdateItem", Resource: { "Fn::GetAtt": ["KeyCounts", "Arn"] } },
];

const functions = async ({ resolveVariable }) => {
  const keyed = await isOn(resolveVariable, "keys");
  return { ...each(model(keyed)), api, ...((await isBulk(resolveVariable)) ? batches : {}) };
};

const roles = async ({ resolveVariable }) => {
  const more = (await isOn(resolveVariable, "keys")) ? ofKeys : [];
  const all = [...models.map((name) => role(name, `${name}/*`, "", more)), role("api", "*.json")];
  return { Resources: Object.fromEntries(all) };
};

/** Bulk work reads the pictures that were uploaded, and writes answers. */
const allowed = (action, place) => ({
  Effect: "Allow",
  Action: action,
  Resource: { "Fn::Sub": `\${BulkBucket.Arn}/*/${place}/*` },
});
const bulkAllowed = [allowed("s3:GetObject", "pictures"), allowed("s3:PutObject", "answers")];
const bulkRoles = async ({ resolveVariable }) =>
  (await isBulk(resolveVariable))
    ? { Resources: Object.fromEntries(models.map((name) => role(name, `${name}/*`, "Bulk", bulkAllowed))) }
    : {};

const alarms = {
  Resources: each((name) => [
    `${logical(name)}DurationAlarm`,
    {
      Type: "AWS::CloudWatch::Alarm",
      Condition: "Alarmed",
      Properties: {
        AlarmDescription: `One answer of ${name} in twenty takes longer than ten seconds`,
        Namespace: "AWS/Lambda",
        MetricName: "Duration",
        Dimensions: [{ Name: "FunctionName", Value: { Ref: `${logical(name)}LambdaFunction` } }],
        ExtendedStatistic: "p95",
        Period: 300,
        EvaluationPeriods: 2,
        Threshold: 10000,
        ComparisonOperator: "GreaterThanThreshold",
        TreatMissingData: "notBreaching",
        AlarmActions: [{ Ref: "Alarms" }],
      },
    },
  ]),
};

module.exports = { functions, images, roles, alarms, bulk, bulkRoles, bulkFunctions };
