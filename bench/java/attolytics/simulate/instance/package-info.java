/**
 * An instance of the service from its ring on: the real ring, the real writers, and a model of
 * their connections to the server. Begin with {@link attolytics.simulate.instance.Instance}. A
 * writer uses its {@link attolytics.simulate.instance.ModelDatabase}, which is in place of the
 * driver and the pool: it begins a {@link attolytics.simulate.instance.ModelTransaction} on a
 * {@link attolytics.simulate.instance.ModelConnection}, where time passes and connections break.
 */
@NullMarked
package attolytics.simulate.instance;

import org.jspecify.annotations.NullMarked;
