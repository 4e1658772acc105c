/**
 * What arrives and what breaks in a simulation: {@link attolytics.simulate.plan.PlanGenerator}
 * draws a {@link attolytics.simulate.plan.Plan} from a seed, and {@link
 * attolytics.simulate.plan.Shrinker} makes one smaller that shows a failure. Begin with {@code
 * Plan} and {@link attolytics.simulate.plan.Fault}. Nothing happens here.
 */
@NullMarked
package attolytics.simulate.plan;

import org.jspecify.annotations.NullMarked;
