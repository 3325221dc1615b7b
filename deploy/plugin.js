'use strict';
// Makes `sls deploy` one command: the zips are built before it packages, the weights published after, the address told last.
// Before `sls remove` it empties the weights bucket, of all its versions.
const { spawnSync } = require('child_process');
const { CloudFormationClient, DescribeStackResourceCommand, DescribeStacksCommand } = require('@aws-sdk/client-cloudformation');
const { ECRClient, PutLifecyclePolicyCommand } = require('@aws-sdk/client-ecr');
const { S3Client, ListObjectVersionsCommand, DeleteObjectsCommand } = require('@aws-sdk/client-s3');

class Deployment {
  constructor(serverless, options, { log }) {
    Object.assign(this, { serverless, log, provider: serverless.getProvider('aws') });
    this.hooks = {
      'before:package:initialize': () => this.make('package'),
      'after:deploy:deploy': async () => {
        await this.tidy();
        await this.publish();
      },
      'before:remove:remove': () => this.empty(),
    };
  }

  /** Run a word of the Makefile; its failure is this command's. */
  make(word, variables = {}, words = '') {
    const { status } = spawnSync('make', ['--no-print-directory', word, `ARGS=${words}`], { // `make deploy ARGS=…` would hand its own on
      cwd: this.serverless.serviceDir,
      env: { ...process.env, ...variables },
      stdio: 'inherit',
    });
    if (status !== 0) throw new this.serverless.classes.Error(`make ${word} failed; the lines above say why.`);
  }

  get stack() {
    return this.provider.naming.getStackName();
  }

  async bucket() {
    const cloudFormation = new CloudFormationClient(await this.provider.getAwsSdkV3Config());
    const resource = { StackName: this.stack, LogicalResourceId: 'WeightsBucket' };
    return (await cloudFormation.send(new DescribeStackResourceCommand(resource))).StackResourceDetail.PhysicalResourceId;
  }

  /** Keep the images that functions run, which have a tag, and the last four before them: ECR is paid by size. */
  async tidy() {
    const rule = { rulePriority: 1, action: { type: 'expire' }, selection: { tagStatus: 'untagged', countType: 'imageCountMoreThan', countNumber: 4 } };
    const client = new ECRClient(await this.provider.getAwsSdkV3Config());
    await client.send(new PutLifecyclePolicyCommand({
      repositoryName: this.provider.naming.getEcrRepositoryName(),
      lifecyclePolicyText: JSON.stringify({ rules: [rule] }),
    }));
  }

  /** Upload the weights as the person who deploys, whatever profile that is. */
  async publish() {
    const config = await this.provider.getAwsSdkV3Config();
    const cloudFormation = new CloudFormationClient(config);
    const { accessKeyId, secretAccessKey, sessionToken } = await cloudFormation.config.credentials();
    const bucket = await this.bucket();
    this.make('publish', {
      WEIGHTS_BUCKET: bucket,
      AWS_REGION: this.provider.getRegion(),
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken || '',
    }, '--unless-rolled-back');
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: this.stack }));
    const address = Stacks[0].Outputs.find((output) => output.OutputKey === 'HttpApiUrl').OutputValue;
    this.log.notice(`weights: s3://${bucket}\naddress: ${address}`);
  }

  async empty() {
    let Bucket;
    try {
      Bucket = await this.bucket();
    } catch (error) {
      if (error.name === 'ValidationError') return; // no stack, or none with a bucket
      throw error;
    }
    const client = new S3Client(await this.provider.getAwsSdkV3Config());
    for (;;) {
      const page = await client.send(new ListObjectVersionsCommand({ Bucket }));
      const Objects = [...(page.Versions || []), ...(page.DeleteMarkers || [])].map(({ Key, VersionId }) => ({ Key, VersionId }));
      if (!Objects.length) return;
      await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    }
  }
}
module.exports = Deployment;
