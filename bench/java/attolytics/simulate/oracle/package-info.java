/**
 * What must not happen. Begin with {@link attolytics.simulate.oracle.Oracle}, which judges answers
 * when they are given and the server at the end: {@link attolytics.simulate.oracle.StorageCheck} by
 * what is stored, {@link attolytics.simulate.oracle.AnswerCheck} by what was broken meanwhile
 * ({@link attolytics.simulate.oracle.FaultHistory}). {@link
 * attolytics.simulate.oracle.LivenessCheck} and {@link attolytics.simulate.oracle.FairnessCheck}
 * judge each step. All add to {@link attolytics.simulate.oracle.Findings}.
 */
@NullMarked
package attolytics.simulate.oracle;

import org.jspecify.annotations.NullMarked;
