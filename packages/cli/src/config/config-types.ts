// Written by `node tools/schema/config.mjs` from the schemas of the options.

/** A name, with options where it has some: `lenet5`, `mlp(units=[64,64])`, `{ name: "mlp", units: [64, 64] }`. */
export type Named = string | { readonly name: string; readonly [option: string]: unknown };

/** Options of a run, as configuration files give them. Flags take precedence; a preset gives the rest. */
export interface ConfigOptions {
  /** images to train on: a dataset that `list` lists */
  readonly dataset?: Named;
  /** folder with the dataset's files (also ANC_DATA_DIR) */
  readonly dataDir?: string | null;
  /** another dataset, or a folder of images, whose training images students learn from; --dataset is then what they are measured on, and a trained teacher is given; no label of it is read */
  readonly transferDataset?: Named;
  /** how those images are brought to the size of the dataset: the largest centered part, resized (default), or the center as it is */
  readonly transferFit?: 'resize' | 'crop';
  /** use only this many training images */
  readonly limitTrain?: number | null;
  /** use only this many test images */
  readonly limitTest?: number | null;
  /** share of the training images that is held out and evaluated after every epoch; the weights of the best epoch are kept beside the last */
  readonly validation?: number;
  /** hold out the same share of every class; reads labels */
  readonly stratify?: boolean;
  /** random changes of training images, in this order, e.g. "crop(4),flip,color-jitter(0.4)"; none: no changes; see `list` */
  readonly augment?: readonly Named[];
  /** crop(n) without --augment: padding of random crops in pixels; 0: no crops */
  readonly crop?: number;
  /** flip without --augment: flip training images horizontally at random */
  readonly flip?: boolean;
  /** statistics that inputs are normalized by: mean and deviation per channel (default), the mean image, or those of each image */
  readonly normalization?: 'channel' | 'pixel' | 'image';
  /** mixup(alpha) without --augment: mixes pairs of images, for teacher and student alike, where training reads no labels: α of Beta(α, α); 0: off */
  readonly mixup?: number;
  /** number of fixed augmented views per image; with few of them the teacher cache is hit */
  readonly views?: number | null;
  /** random seed of subsets, splits and generated images; default: seed */
  readonly dataSeed?: number;
  /** preset that gives the options that are not set; default: given-teacher where the teacher is given, else quick */
  readonly preset?: 'quick' | 'modern' | 'paper' | 'given-teacher';
  /** the network to distill: a model to train with labels first, or a trained one: model.onnx, a file of weights, a run folder */
  readonly teacher?: Named;
  /** pixel values that a given teacher expects, where its file does not say: unit, signed, none, imagenet, …, or mean/std */
  readonly teacherPreprocessing?: string;
  /** the outputs of a given ONNX teacher to use as classes: names, indices or index=name */
  readonly classes?: readonly string[];
  /** the small network that is trained to imitate the teacher: a model, or model.onnx, whose weights it starts from; model.onnx(init=fresh) takes the architecture alone */
  readonly student?: Named;
  /** start the student from the weights of a file, as far as names and shapes agree; a report says which */
  readonly studentWeights?: string;
  /** continue from a finished run: its options where none are given here, its teacher, and the weights of its student (the one that export takes, or that of --methods), with a new schedule */
  readonly continue?: string;
  /** parameters of the student that keep their values: patterns of their names, e.g. "conv1/*,layer1/*" */
  readonly freeze?: string;
  /** budget: choose a student of at most so many parameters, e.g. 100k */
  readonly maxParameters?: number | string;
  /** budget: choose a student of at most so many FLOPs for one image (2 × multiply-adds), e.g. 5M */
  readonly maxFlops?: number | string;
  /** budget: choose a student whose weights take at most so many bytes as float32, e.g. 300k */
  readonly maxBytes?: number | string;
  /** budget: choose a student whose forward pass of one image takes at most so long on its backend, as measured here */
  readonly maxMs?: number;
  /** training methods to compare, one student each */
  readonly methods?: readonly Named[];
  /** packages or files with more models, methods, datasets, … */
  readonly plugins?: readonly string[];
  /** load the installed packages anc-plugin-*, too; default: yes, or what ANC_DISCOVER_PLUGINS says */
  readonly discoverPlugins?: boolean;
  /** epochs: passes over the training images, for each student */
  readonly epochs?: number;
  /** how long the run may take, e.g. 30m or 1h30m, in place of epochs: students share what is left of it, and schedules end with it */
  readonly time?: number | string;
  /** images per step */
  readonly batchSize?: number;
  /** steps that count as an epoch of a student, in repeated passes over the images; default: one pass, without images 100 */
  readonly stepsPerEpoch?: number;
  /** micro-batches of each batch, for batches larger than memory: gradients are averaged over them before each update; default: 1 */
  readonly accumulate?: number;
  /** batch norm of a training on several ranks: by the statistics of the whole batch, as in one process (default), or of the rows of each rank, with fewer messages */
  readonly batchNorm?: 'synchronized' | 'local';
  /** optimizer of students, e.g. momentum, adamw or lamb(beta2=0.99): one that `list` lists */
  readonly optimizer?: Named;
  /** initial learning rate of students */
  readonly learningRate?: number;
  /** momentum, of optimizers that have it */
  readonly momentum?: number;
  /** weight decay, on weights but not on biases or batch norm */
  readonly weightDecay?: number;
  /** how weight decay is applied; auto: l2 with SGD, decoupled with Adam */
  readonly decayMode?: 'auto' | 'l2' | 'decoupled';
  /** parameters that weight decay applies to: weights, all, or patterns of their names, e.g. "conv*,!*bias" */
  readonly decayScope?: string;
  /** limit of the gradient's norm over all parameters of a network, for every optimizer; default: no limit */
  readonly clipNorm?: number;
  /** decay rate of an exponential moving average of a student's weights, e.g. 0.999: it is evaluated, and written beside the last weights; default: none */
  readonly ema?: number;
  /** learning rate schedule, e.g. cosine or one-cycle(peak=0.2): one that `list` lists */
  readonly schedule?: Named;
  /** share of the training over which the learning rate rises linearly from zero */
  readonly warmup?: number;
  /** points at which a step schedule multiplies the learning rate */
  readonly milestones?: readonly number[];
  /** unit of the milestones */
  readonly milestoneUnit?: 'iterations' | 'share';
  /** factor of a step schedule */
  readonly decayFactor?: number;
  /** random seed */
  readonly seed?: number;
  /** epochs; default: as for students */
  readonly teacherEpochs?: number;
  /** optimizer; default: as for students */
  readonly teacherOptimizer?: Named;
  /** learning rate; default: as for students */
  readonly teacherLearningRate?: number;
  /** random seed of the teacher's initialization and batches; default: seed */
  readonly teacherSeed?: number;
  /** train every student with weights of two or three values, by this estimator */
  readonly quantize?: 'none' | 'ttq' | 'binaryconnect' | 'bwn' | 'xnor';
  /** weight of the data term */
  readonly lambda?: number;
  /** data term: distance between the logits of student and teacher */
  readonly dataTerm?: Named;
  /** reduction of the l2 data term over classes */
  readonly reduction?: 'sum' | 'mean';
  /** temperature of the softmax in distillation */
  readonly temperature?: number;
  /** weight of the cross-entropy with labels; the data term has the rest. 0 reads no labels */
  readonly hardWeight?: number;
  /** share: the data term has the rest of the weight; added: the cross-entropy with labels comes on top */
  readonly hardWeightMode?: 'share' | 'added';
  /** epochs over which the weight of the data term rises, from the first on; 0: none */
  readonly dataWarmup?: number;
  /** discriminator architecture */
  readonly discriminator?: Named;
  /** apply spectral normalization to the discriminator */
  readonly spectralNorm?: boolean;
  /** linear: a learned linear projection of the student's features to the teacher's width; it is not exported */
  readonly adapter?: 'none' | 'linear';
  /** condition of conditional discriminators: the teacher's prediction, or labels */
  readonly condition?: 'teacher' | 'labels';
  /** output of the networks that the discriminator sees: features, logits or a named intermediate output */
  readonly discriminatorInput?: string;
  /** adversarial loss of student and discriminator */
  readonly adversarialLoss?: Named;
  /** weight of the adversarial term */
  readonly adversarialWeight?: number;
  /** epochs over which the weight of the adversarial term rises, from the start of adversarial training on; 0: none */
  readonly adversarialWarmup?: number;
  /** regularizer of the discriminator */
  readonly regularizer?: Named;
  /** joint: part of the discriminator's loss; separate: an update of its own */
  readonly regularizerUpdate?: 'joint' | 'separate';
  /** weight of the l1 and l2 regularizers */
  readonly mu?: number;
  /** how the weight of the adversarial term adapts during training */
  readonly balancer?: Named;
  /** dropout rate of the student's features before the discriminator, in the student's update */
  readonly dropout?: number;
  /** where that dropout is applied */
  readonly dropoutPosition?: 'adversarial-sample' | 'inside-student';
  /** epochs with the data term alone before adversarial training starts */
  readonly start?: number;
  /** optimizer of the discriminator; default: the student's */
  readonly discriminatorOptimizer?: Named;
  /** learning rate of the discriminator; default: the student's */
  readonly discriminatorLearningRate?: number;
  /** discriminator updates per student update */
  readonly discriminatorSteps?: number;
  /** backend for the teacher's forward pass; default: backend */
  readonly teacherBackend?: Named;
  /** what the layers of the frozen teacher multiply. On the backend onednn: int8, with ranges measured on training images, where the processor has VNNI, or bfloat16; on onnx:cuda and webgpu: float16; default: the backend's */
  readonly teacherPrecision?: 'float32' | 'bfloat16' | 'float16' | 'int8';
  /** backend for training; default: backend */
  readonly studentBackend?: Named;
  /** backend: onnx, onnx:webgpu, tfjs:wasm, …, or auto; see `anc-cli doctor` */
  readonly backend?: Named;
  /** number of threads, for backends that use threads; default: the backend's */
  readonly threads?: number | null;
  /** what layers multiply in training steps; weights, sums, losses and updates are float32. bfloat16: on the backend onednn, where the processor has it; float16: on the backends onnx:cuda and webgpu, where the GPU has it; auto: bfloat16 where that is known to be faster, which is with AMX, and with AVX512_BF16 on processors of AMD; default: auto on the backend onednn, float32 elsewhere */
  readonly precision?: 'float32' | 'bfloat16' | 'float16' | 'auto';
  /** memory for cached teacher outputs in MB; 0: no cache */
  readonly teacherCacheMb?: number;
  /** folder that keeps teacher outputs on disk, for later runs too; default: none */
  readonly teacherCacheDir?: string | null;
  /** disk space for one teacher and dataset in MB; default: no limit */
  readonly teacherCacheDiskMb?: number | null;
  /** store teacher outputs in half precision */
  readonly teacherCacheFloat16?: boolean;
  /** code that is called while the run goes on: early-stopping(patience=5), tensorboard(write=false), or a plugin's */
  readonly hook?: readonly Named[];
  /** folder in which run folders are created */
  readonly out?: string;
  /** minutes between checkpoints inside an epoch; there is one after every epoch, too; default: 5 */
  readonly checkpointMinutes?: number;
  /** where the numbers of every epoch go beside metrics.jsonl: tensorboard (default), mlflow, trackio, or none */
  readonly reportTo?: readonly string[];
  /** name of the run folder; default: the first free <dataset>-<n>, or <folder>-<n> of a folder of images */
  readonly name?: string;
}
