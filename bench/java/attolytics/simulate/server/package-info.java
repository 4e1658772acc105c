/**
 * A model of PostgreSQL's side: what is stored, locked and committed. Begin with {@link
 * attolytics.simulate.server.Server}; a {@link attolytics.simulate.server.Backend} is a session in
 * a transaction, {@link attolytics.simulate.server.ServerFaults} is what is wrong with the server
 * at the moment. How long statements take and how connections break is the business of {@code
 * instance}.
 */
@NullMarked
package attolytics.simulate.server;

import org.jspecify.annotations.NullMarked;
