/**
 * What can be measured by itself, as {@code --only} names it: which loads, on which rig, how often,
 * and under which scenario the rounds are filed. {@link attolytics.bench.part.Closed} is the
 * simplest; {@link attolytics.bench.part.Turns} interleaves the loads that are compared. How a load
 * is sent is in {@code load}, what it costs is measured in {@code rig}.
 */
@NullMarked
package attolytics.bench.part;

import org.jspecify.annotations.NullMarked;
