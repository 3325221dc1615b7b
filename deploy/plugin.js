"use strict";
// Makes `sls deploy` one command: the zips are built before it
// packages, the weights published after, the address told last. What cannot
// go well is told before anything is built. `sls deploy function` sends one function.
// Before `sls remove` it empties the buckets, of all their versions.
const { spawnSync } = require("child_process");
const {
  CloudFormationClient,
  DescribeStackResourceCommand,
  DescribeStacksCommand,
} = require("@aws-sdk/client-cloudformation");
const { ECRClient, PutLifecyclePolicyCommand } = require("@aws-sdk/client-ecr");
const { LambdaClient, ListAliasesCommand } = require("@aws-sdk/client-lambda");
const { S3Client, ListObjectVersionsCommand, DeleteObjectsCommand } = require("@aws-sdk/client-s3");

const LONGEST = 64; // characters of a function's name, by Lambda

class Deployment {
  constructor(serverless, options, { log }) {
    Object.assign(this, { serverless, log, provider: serverless.getProvider("aws") });
    this.hooks = {
      "before:package:initialize": async () => {
        this.check();
        if (this.serverless.processedInput.commands[0] === "deploy") await this.greet();
        this.make("package");
      },
      "before:deploy:function:initialize": async () => {
        this.check();
        await this.greet();
      },
      "before:deploy:function:packageFunction": async () => {
        await this.refuseWhereWarm();
        this.make("package");
      },
      // osls would look for the role by a name that it has not; it stays what it is
      "before:deploy:function:deploy": () => {
        const { provider } = this.serverless.service;
        this.chosen.role = provider.remoteFunctionData.Configuration.Role;
      },
      "after:deploy:deploy": async () => {
        await this.tidy();
        await this.publish();
      },
      "before:remove:remove": async () => {
        await this.empty("WeightsBucket");
        await this.empty("BulkBucket");
      },
    };
  }

  /** Refuse in a sentence what AWS would refuse after minutes, or take for something else. */
  check() {
    const stage = this.provider.getStage(),
      { service } = this.serverless;
    const names = service.getAllFunctions(),
      longest = names.reduce((one, other) => (other.length > one.length ? other : one)),
      most = LONGEST - `${service.service}--${longest}`.length;
    if (!/^[a-z][a-z0-9-]*$/.test(stage))
      this.refuse(
        `The stage ${stage} cannot be deployed: the name of a stage has small letters, digits and hyphens, and begins with a letter.`,
      );
    if (stage.length > most)
      this.refuse(
        `The stage ${stage} cannot be deployed: its name has ${stage.length} characters, and may have ${most}, since the function ${service.service}-STAGE-${longest} may have ${LONGEST}.`,
      );
    const { amount, mail } = service.custom.budget;
    if (!(Number(amount) >= 0)) this.refuse('A budget is dollars a month, such as --param="budget=10".');
    if (Number(amount) && !mail)
      this.refuse('A budget mails: give --param="alarm-email=you@example.com" with it.');
    const { params } = this.serverless.configurationInput;
    if (stage !== "dev" && !params[stage])
      this.log.notice(`The stage ${stage} has the limits of params: default in serverless.yml.`);
  }

  /** Ask AWS who this is: without credentials that it accepts, minutes of building would be in vain. */
  async greet() {
    try {
      await this.provider.getAccountInfo();
    } catch (error) {
      if (error instanceof this.serverless.classes.Error) throw error; // no credentials, or no such profile
      this.refuse(
        error.$metadata?.httpStatusCode
          ? `AWS does not accept these credentials: ${error.message}`
          : `AWS cannot be reached in ${this.provider.getRegion()}: ${error.message}`,
      );
    }
  }

  refuse(sentence) {
    throw new this.serverless.classes.Error(sentence);
  }

  /** The function that `sls deploy function -f` names. */
  get chosen() {
    return this.serverless.service.getFunction(this.serverless.processedInput.options.function);
  }

  /** With containers that are kept started, callers get a published version, which this would not change. */
  async refuseWhereWarm() {
    const client = new LambdaClient(await this.provider.getAwsSdkV3Config());
    const { Aliases } = await client.send(new ListAliasesCommand({ FunctionName: this.chosen.name }));
    if (Aliases?.length)
      this.refuse(
        `${this.chosen.name} has containers that are kept started (warm), which run a version of their own: send all with \`npx sls deploy\`.`,
      );
  }

  /** Run a word of the Makefile; its failure is this command's. */
  make(word, variables = {}, words = "") {
    const { status } = spawnSync("make", ["--no-print-directory", word, `ARGS=${words}`], {
      // `make deploy ARGS=…` would hand its own on
      cwd: this.serverless.serviceDir,
      env: { ...process.env, ...variables },
      stdio: "inherit",
    });
    if (status !== 0) this.refuse(`make ${word} failed; the lines above say why.`);
  }

  get stack() {
    return this.provider.naming.getStackName();
  }

  async bucket(LogicalResourceId = "WeightsBucket") {
    const cloudFormation = new CloudFormationClient(await this.provider.getAwsSdkV3Config());
    const resource = { StackName: this.stack, LogicalResourceId };
    return (await cloudFormation.send(new DescribeStackResourceCommand(resource))).StackResourceDetail
      .PhysicalResourceId;
  }

  /**
   * Keep the images that functions run, which have a tag, and the last four before them: ECR is paid by size.
   */
  async tidy() {
    const rule = {
      rulePriority: 1,
      action: { type: "expire" },
      selection: { tagStatus: "untagged", countType: "imageCountMoreThan", countNumber: 4 },
    };
    const client = new ECRClient(await this.provider.getAwsSdkV3Config());
    await client.send(
      new PutLifecyclePolicyCommand({
        repositoryName: this.provider.naming.getEcrRepositoryName(),
        lifecyclePolicyText: JSON.stringify({ rules: [rule] }),
      }),
    );
  }

  /** Upload the weights as the person who deploys, whatever profile that is. */
  async publish() {
    const config = await this.provider.getAwsSdkV3Config();
    const cloudFormation = new CloudFormationClient(config);
    const { accessKeyId, secretAccessKey, sessionToken } = await cloudFormation.config.credentials();
    const bucket = await this.bucket();
    this.make(
      "publish",
      {
        WEIGHTS_BUCKET: bucket,
        AWS_REGION: this.provider.getRegion(),
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_SESSION_TOKEN: sessionToken || "",
      },
      "--unless-rolled-back",
    );
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: this.stack }));
    const address = Stacks[0].Outputs.find((output) => output.OutputKey === "HttpApiUrl").OutputValue;
    this.log.notice(`weights: s3://${bucket}\naddress: ${address}`);
  }

  async empty(name) {
    let Bucket;
    try {
      Bucket = await this.bucket(name);
    } catch (error) {
      if (error.name === "ValidationError") return; // no stack, or none with a bucket
      throw error;
    }
    const client = new S3Client(await this.provider.getAwsSdkV3Config());
    for (;;) {
      const page = await client.send(new ListObjectVersionsCommand({ Bucket }));
      const Objects = [...(page.Versions || []), ...(page.DeleteMarkers || [])].map(({ Key, VersionId }) => ({
        Key,
        VersionId,
      }));
      if (!Objects.length) return;
      await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    }
  }
}
module.exports = Deployment;
