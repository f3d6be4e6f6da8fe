"""What the standard library's data types, numpy, pandas, torch and the boosters save models with.

Every entry was looked up in what those libraries write, and in what calling it does: none of it
imports, opens or runs what its arguments name. `builtins:getattr`, `torch.storage:_load_from_bytes`
and everything that takes a path are left out for that reason, and torch's LSTM, GRU and RNN, which
make as many weights as their state says.
"""

from __future__ import annotations

CALLED = """\
_codecs: encode
builtins: bytearray bytes complex dict float frozenset int list object range set slice str tuple
builtins: type
catboost.core: CatBoost CatBoostClassifier CatBoostRanker CatBoostRegressor
collections: Counter OrderedDict defaultdict deque
copyreg: __newobj__ _reconstructor
datetime: date datetime time timedelta timezone
decimal: Decimal
fractions: Fraction
ipaddress: IPv4Address IPv4Network IPv6Address IPv6Network
joblib.numpy_pickle: NumpyArrayWrapper
lightgbm.basic: Booster
lightgbm.sklearn: LGBMClassifier LGBMModel LGBMRanker LGBMRegressor _LGBMLabelEncoder
numpy: bool bool_ complex128 complex64 datetime64 dtype float16 float32 float64 int16 int32 int64
numpy: int8 matrix record str_ timedelta64 uint16 uint32 uint64 uint8 void
numpy._core.multiarray: _reconstruct scalar
numpy._core.numeric: _frombuffer
numpy.core.multiarray: _reconstruct scalar
numpy.core.numeric: _frombuffer
numpy.ma.core: _mareconstruct
numpy.random._generator: Generator
numpy.random._mt19937: MT19937
numpy.random._pcg64: PCG64 PCG64DXSM
numpy.random._philox: Philox
numpy.random._pickle: __bit_generator_ctor __generator_ctor __randomstate_ctor
numpy.random._sfc64: SFC64
numpy.random.bit_generator: SeedSequence __pyx_unpickle_SeedSequence
pandas: BooleanDtype Categorical CategoricalDtype CategoricalIndex DataFrame DatetimeIndex
pandas: DatetimeTZDtype Float32Dtype Float64Dtype Index Int16Dtype Int32Dtype Int64Dtype Int8Dtype
pandas: IntervalDtype IntervalIndex MultiIndex NA Period PeriodDtype PeriodIndex RangeIndex Series
pandas: SparseDtype StringDtype TimedeltaIndex Timedelta Timestamp UInt16Dtype UInt32Dtype
pandas: UInt64Dtype UInt8Dtype
pandas._libs.arrays: __pyx_unpickle_NDArrayBacked
pandas._libs.internals: _unpickle_block
pandas._libs.interval: Interval __pyx_unpickle_IntervalMixin
pandas._libs.missing: NAType
pandas._libs.sparse: BlockIndex IntIndex
pandas._libs.tslibs.nattype: _nat_unpickle
pandas._libs.tslibs.offsets: BDay BusinessDay Day Hour Minute MonthBegin MonthEnd QuarterEnd
pandas._libs.tslibs.offsets: Second Week YearEnd __pyx_unpickle_BaseOffset
pandas._libs.tslibs.period: _unpickle_period
pandas._libs.tslibs.timedeltas: _timedelta_unpickle
pandas._libs.tslibs.timestamps: Timestamp _unpickle_timestamp
pandas.arrays: ArrowStringArray BooleanArray DatetimeArray FloatingArray IntegerArray IntervalArray
pandas.arrays: NumpyExtensionArray PeriodArray SparseArray StringArray TimedeltaArray
pandas.core.arrays.boolean: BooleanArray BooleanDtype
pandas.core.arrays.categorical: Categorical
pandas.core.arrays.datetimes: DatetimeArray
pandas.core.arrays.floating: Float32Dtype Float64Dtype FloatingArray
pandas.core.arrays.integer: Int16Dtype Int32Dtype Int64Dtype Int8Dtype IntegerArray UInt16Dtype
pandas.core.arrays.integer: UInt32Dtype UInt64Dtype UInt8Dtype
pandas.core.arrays.interval: IntervalArray
pandas.core.arrays.numpy_: NumpyExtensionArray PandasArray
pandas.core.arrays.period: PeriodArray
pandas.core.arrays.sparse.array: SparseArray
pandas.core.arrays.sparse.dtype: SparseDtype
pandas.core.arrays.string_: StringArray StringDtype
pandas.core.arrays.string_arrow: ArrowStringArray
pandas.core.arrays.timedeltas: TimedeltaArray
pandas.core.dtypes.dtypes: CategoricalDtype DatetimeTZDtype IntervalDtype PeriodDtype
pandas.core.frame: DataFrame
pandas.core.indexes.base: Index _new_Index
pandas.core.indexes.category: CategoricalIndex
pandas.core.indexes.datetimes: DatetimeIndex _new_DatetimeIndex
pandas.core.indexes.interval: IntervalIndex
pandas.core.indexes.multi: MultiIndex
pandas.core.indexes.numeric: Float64Index Int64Index UInt64Index
pandas.core.indexes.period: PeriodIndex _new_PeriodIndex
pandas.core.indexes.range: RangeIndex
pandas.core.indexes.timedeltas: TimedeltaIndex
pandas.core.internals.blocks: new_block
pandas.core.internals.managers: BlockManager SingleBlockManager
pandas.core.series: Series
pathlib: PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath
pathlib._local: PosixPath PurePosixPath PureWindowsPath WindowsPath
pyarrow.lib: _restore_array field py_buffer schema type_for_alias
scipy.interpolate._bsplines: BSpline
scipy.interpolate._interpolate: PPoly interp1d
scipy.sparse._bsr: bsr_array bsr_matrix
scipy.sparse._coo: coo_array coo_matrix
scipy.sparse._csc: csc_array csc_matrix
scipy.sparse._csr: csr_array csr_matrix
scipy.sparse._dia: dia_array dia_matrix
scipy.sparse._dok: dok_array dok_matrix
scipy.sparse._lil: lil_array lil_matrix
scipy.sparse.coo: coo_matrix
scipy.sparse.csc: csc_matrix
scipy.sparse.csr: csr_matrix
torch: Size device
torch._tensor: _rebuild_from_type_v2
torch._utils: _rebuild_parameter _rebuild_parameter_with_state _rebuild_qtensor
torch._utils: _rebuild_sparse_tensor _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3
torch.nn.modules.activation: CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU
torch.nn.modules.activation: LogSigmoid LogSoftmax Mish MultiheadAttention PReLU RReLU ReLU ReLU6
torch.nn.modules.activation: SELU SiLU Sigmoid Softmax Softmax2d Softmin Softplus Softshrink
torch.nn.modules.activation: Softsign Tanh Tanhshrink Threshold
torch.nn.modules.adaptive: AdaptiveLogSoftmaxWithLoss
torch.nn.modules.batchnorm: BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm
torch.nn.modules.channelshuffle: ChannelShuffle
torch.nn.modules.container: ModuleDict ModuleList ParameterDict ParameterList Sequential
torch.nn.modules.conv: Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d
torch.nn.modules.distance: CosineSimilarity PairwiseDistance
torch.nn.modules.dropout: AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout
torch.nn.modules.flatten: Flatten Unflatten
torch.nn.modules.fold: Fold Unfold
torch.nn.modules.instancenorm: InstanceNorm1d InstanceNorm2d InstanceNorm3d
torch.nn.modules.linear: Bilinear Identity Linear NonDynamicallyQuantizableLinear
torch.nn.modules.loss: BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss
torch.nn.modules.loss: GaussianNLLLoss HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss
torch.nn.modules.loss: LinearCrossEntropyLoss MSELoss MarginRankingLoss MultiLabelMarginLoss
torch.nn.modules.loss: MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss PoissonNLLLoss SmoothL1Loss
torch.nn.modules.loss: SoftMarginLoss TripletMarginLoss TripletMarginWithDistanceLoss
torch.nn.modules.normalization: CrossMapLRN2d GroupNorm LayerNorm LocalResponseNorm RMSNorm
torch.nn.modules.padding: CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d
torch.nn.modules.padding: ConstantPad3d ReflectionPad1d ReflectionPad2d ReflectionPad3d
torch.nn.modules.padding: ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d
torch.nn.modules.padding: ZeroPad3d
torch.nn.modules.pixelshuffle: PixelShuffle PixelUnshuffle
torch.nn.modules.pooling: AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d
torch.nn.modules.pooling: AdaptiveMaxPool2d AdaptiveMaxPool3d AvgPool1d AvgPool2d AvgPool3d
torch.nn.modules.pooling: FractionalMaxPool2d FractionalMaxPool3d LPPool1d LPPool2d LPPool3d
torch.nn.modules.pooling: MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d MaxUnpool3d
torch.nn.modules.rnn: GRUCell LSTMCell RNNCell RNNCellBase
torch.nn.modules.sparse: Embedding EmbeddingBag
torch.nn.modules.transformer: Transformer TransformerDecoder TransformerDecoderLayer
torch.nn.modules.transformer: TransformerEncoder TransformerEncoderLayer
torch.nn.modules.upsampling: Upsample UpsamplingBilinear2d UpsamplingNearest2d
torch.serialization: _get_layout
uuid: UUID
xgboost.core: Booster
xgboost.sklearn: XGBClassifier XGBModel XGBRFClassifier XGBRFRegressor XGBRanker XGBRegressor
zoneinfo: ZoneInfo._unpickle
"""
"""What a stream may make and set the state of; `guards` narrows the arguments of some."""

REFERRED = """\
builtins: NotImplemented bool Ellipsis
numpy: ndarray generic number integer floating object_ bytes_ longlong ulonglong intc uintc
numpy: amax amin max mean median min sum
numpy.rec: recarray
numpy.ma: MaskedArray
numpy.ma.core: MaskedArray
scipy._lib.array_api_compat.numpy._aliases: asarray
torch: BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage
torch: ComplexFloatStorage DoubleStorage FloatStorage HalfStorage IntStorage LongStorage
torch: QInt32Storage QInt8Storage QUInt8Storage ShortStorage Tensor UntypedStorage
torch: bfloat16 bool complex128 complex64 float16 float32 float64 float8_e4m3fn float8_e5m2 int16
torch: int32 int64 int8 per_channel_affine per_tensor_affine uint16 uint32 uint64 uint8
torch.nn.functional: gelu relu
torch.nn.parameter: Buffer Parameter
torch.storage: TypedStorage UntypedStorage
numpy: abs absolute acos acosh add arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh
numpy: atan atan2 atanh bitwise_and bitwise_count bitwise_invert bitwise_left_shift bitwise_not
numpy: bitwise_or bitwise_right_shift bitwise_xor cbrt ceil conj conjugate copysign cos cosh
numpy: deg2rad degrees divide divmod equal exp exp2 expm1 fabs float_power floor floor_divide fmax
numpy: fmin fmod frexp gcd greater greater_equal heaviside hypot invert isfinite isinf isnan isnat
numpy: lcm ldexp left_shift less less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and
numpy: logical_not logical_or logical_xor matmul matvec maximum minimum mod modf multiply negative
numpy: nextafter not_equal positive pow power rad2deg radians reciprocal remainder right_shift
numpy: rint sign signbit sin sinh spacing sqrt square subtract tan tanh true_divide trunc vecdot
numpy: vecmat
numpy._core._multiarray_umath: abs absolute acos acosh add arccos arccosh arcsin arcsinh arctan
numpy._core._multiarray_umath: arctan2 arctanh asin asinh atan atan2 atanh bitwise_and
numpy._core._multiarray_umath: bitwise_count bitwise_invert bitwise_left_shift bitwise_not
numpy._core._multiarray_umath: bitwise_or bitwise_right_shift bitwise_xor cbrt ceil conj conjugate
numpy._core._multiarray_umath: copysign cos cosh deg2rad degrees divide divmod equal exp exp2
numpy._core._multiarray_umath: expm1 fabs float_power floor floor_divide fmax fmin fmod frexp gcd
numpy._core._multiarray_umath: greater greater_equal heaviside hypot invert isfinite isinf isnan
numpy._core._multiarray_umath: isnat lcm ldexp left_shift less less_equal log log10 log1p log2
numpy._core._multiarray_umath: logaddexp logaddexp2 logical_and logical_not logical_or logical_xor
numpy._core._multiarray_umath: matmul matvec maximum minimum mod modf multiply negative nextafter
numpy._core._multiarray_umath: not_equal positive pow power rad2deg radians reciprocal remainder
numpy._core._multiarray_umath: right_shift rint sign signbit sin sinh spacing sqrt square subtract
numpy._core._multiarray_umath: tan tanh true_divide trunc vecdot vecmat
numpy.core._multiarray_umath: abs absolute acos acosh add arccos arccosh arcsin arcsinh arctan
numpy.core._multiarray_umath: arctan2 arctanh asin asinh atan atan2 atanh bitwise_and
numpy.core._multiarray_umath: bitwise_count bitwise_invert bitwise_left_shift bitwise_not
numpy.core._multiarray_umath: bitwise_or bitwise_right_shift bitwise_xor cbrt ceil conj conjugate
numpy.core._multiarray_umath: copysign cos cosh deg2rad degrees divide divmod equal exp exp2 expm1
numpy.core._multiarray_umath: fabs float_power floor floor_divide fmax fmin fmod frexp gcd greater
numpy.core._multiarray_umath: greater_equal heaviside hypot invert isfinite isinf isnan isnat lcm
numpy.core._multiarray_umath: ldexp left_shift less less_equal log log10 log1p log2 logaddexp
numpy.core._multiarray_umath: logaddexp2 logical_and logical_not logical_or logical_xor matmul
numpy.core._multiarray_umath: matvec maximum minimum mod modf multiply negative nextafter
numpy.core._multiarray_umath: not_equal positive pow power rad2deg radians reciprocal remainder
numpy.core._multiarray_umath: right_shift rint sign signbit sin sinh spacing sqrt square subtract
numpy.core._multiarray_umath: tan tanh true_divide trunc vecdot vecmat
scipy.special._ufuncs: agm airy airye bdtr bdtrc bdtri bdtrik bdtrin bei beip ber berp besselpoly
scipy.special._ufuncs: beta betainc betaincc betainccinv betaincinv betaln binom boxcox boxcox1p
scipy.special._ufuncs: btdtria btdtrib cbrt chdtr chdtrc chdtri chdtriv chndtr chndtridf chndtrinc
scipy.special._ufuncs: chndtrix cosdg cosm1 cotdg dawsn digamma ellipe ellipeinc ellipj ellipk
scipy.special._ufuncs: ellipkinc ellipkm1 elliprc elliprd elliprf elliprg elliprj entr erf erfc
scipy.special._ufuncs: erfcinv erfcx erfi erfinv eval_chebyc eval_chebys eval_chebyt eval_chebyu
scipy.special._ufuncs: eval_gegenbauer eval_genlaguerre eval_hermite eval_hermitenorm eval_jacobi
scipy.special._ufuncs: eval_laguerre eval_legendre eval_sh_chebyt eval_sh_chebyu eval_sh_jacobi
scipy.special._ufuncs: eval_sh_legendre exp1 exp10 exp2 expi expit expm1 expn exprel fdtr fdtrc
scipy.special._ufuncs: fdtri fdtridfd fresnel gamma gammainc gammaincc gammainccinv gammaincinv
scipy.special._ufuncs: gammaln gammasgn gdtr gdtrc gdtria gdtrib gdtrix hankel1 hankel1e hankel2
scipy.special._ufuncs: hankel2e huber hyp0f1 hyp1f1 hyp2f1 hyperu i0 i0e i1 i1e inv_boxcox
scipy.special._ufuncs: inv_boxcox1p it2i0k0 it2j0y0 it2struve0 itairy iti0k0 itj0y0 itmodstruve0
scipy.special._ufuncs: itstruve0 iv ive j0 j1 jn jv jve k0 k0e k1 k1e kei keip kelvin ker kerp
scipy.special._ufuncs: kl_div kn kolmogi kolmogorov kv kve log1p log_expit log_ndtr
scipy.special._ufuncs: log_wright_bessel loggamma logit lpmv mathieu_a mathieu_b mathieu_cem
scipy.special._ufuncs: mathieu_modcem1 mathieu_modcem2 mathieu_modsem1 mathieu_modsem2 mathieu_sem
scipy.special._ufuncs: modfresnelm modfresnelp modstruve nbdtr nbdtrc nbdtri nbdtrik nbdtrin
scipy.special._ufuncs: ncfdtr ncfdtri ncfdtridfd ncfdtridfn ncfdtrinc nctdtr nctdtridf nctdtrinc
scipy.special._ufuncs: nctdtrit ndtr ndtri ndtri_exp nrdtrimn nrdtrisd obl_ang1 obl_ang1_cv obl_cv
scipy.special._ufuncs: obl_rad1 obl_rad1_cv obl_rad2 obl_rad2_cv owens_t pbdv pbvv pbwa pdtr pdtrc
scipy.special._ufuncs: pdtri pdtrik poch powm1 pro_ang1 pro_ang1_cv pro_cv pro_rad1 pro_rad1_cv
scipy.special._ufuncs: pro_rad2 pro_rad2_cv pseudo_huber psi radian rel_entr rgamma round shichi
scipy.special._ufuncs: sici sindg smirnov smirnovi spence stdtr stdtridf stdtrit struve tandg
scipy.special._ufuncs: tklmbda voigt_profile wofz wright_bessel wrightomega xlog1py xlogy y0 y1 yn
scipy.special._ufuncs: yv yve zetac
"""
"""What a stream may point to, and not call: types of arrays, functions of numbers."""
