/// A part of a data set that is divided into several, such as the arrays `x_train` and `x_test` of one file.
public enum DataSetPart: String, Sendable, Hashable, CaseIterable {
  /// What is trained on.
  case training
  /// What training is watched with.
  case validation
  /// What is held back until the end.
  case test
}
