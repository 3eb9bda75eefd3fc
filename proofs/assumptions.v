(** What every theorem rests on: [Closed under the global context] means nothing but the logic. *)

From Symgrad Require Import contraction conventions vech derivation eigenvalue branch two_by_two.

Print Assumptions frob_trace.
Print Assumptions skew_unseen.
Print Assumptions contraction.
Print Assumptions contraction_basis.
Print Assumptions valid_skew.
Print Assumptions valid_parameters.
Print Assumptions spanning_parameters.
Print Assumptions contraction_regular.
Print Assumptions contraction_field.
Print Assumptions symmetric_unique.

Print Assumptions weighted_valid.
Print Assumptions weights_of_two.
Print Assumptions symmetric_valid.
Print Assumptions lower_valid.
Print Assumptions upper_valid.
Print Assumptions unsymmetric_valid.
Print Assumptions spurious_doubles.
Print Assumptions spurious_valid.
Print Assumptions tril_valid.
Print Assumptions triu_valid.
Print Assumptions diag_valid.

Print Assumptions duplication_vech.
Print Assumptions vech_partial.
Print Assumptions duplication_spurious.
Print Assumptions vech_pairing.

Print Assumptions valid_derivation.
Print Assumptions d_det.
Print Assumptions gradient_det.
Print Assumptions d_inverse.
Print Assumptions gradient_inverse.
Print Assumptions gradient_log_det.
Print Assumptions deriv_char_poly.
Print Assumptions gradient_char_poly.

Print Assumptions adj_column.
Print Assumptions adj_kernel.
Print Assumptions eigenvalue_left_right.
Print Assumptions eigenvalue_any_length.
Print Assumptions eigenvalue_derivative.
Print Assumptions eigenvalue_quadratic.
Print Assumptions eigenvalue_valid.
Print Assumptions eigenvalue_implicit.
Print Assumptions adj_projector.

Print Assumptions eigenvalue_near.
Print Assumptions branch_derivative.
Print Assumptions branch_quadratic.
Print Assumptions branch_valid.

Print Assumptions char_poly_roots.
Print Assumptions eigenvalues_are_roots.
Print Assumptions largest_ge_smallest.
Print Assumptions largest_gt_smallest.
Print Assumptions eigenvector_exists.
Print Assumptions gradient_projector.
Print Assumptions right_valid.
Print Assumptions symmetric_right.
Print Assumptions eigenvalue_right.
Print Assumptions lower_right.
Print Assumptions upper_right.
Print Assumptions spurious_right.
Print Assumptions projector_right.
Print Assumptions largest_right.
Print Assumptions smallest_right.
