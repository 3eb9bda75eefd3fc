(** * The derivative of an eigenvalue

    λ′ = vᵀ X′ v if X v = λ v and vᵀ v = 1, from the product rule alone: over every commutative
    ring, for every derivation.  The two forms of the gradient, v vᵀ and
    adj(λI − X) / tr adj(λI − X), are one. *)

From mathcomp Require Import all_ssreflect all_algebra.
From Symgrad Require Import contraction derivation.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory.
Local Open Scope ring_scope.

Section Adjugate.

Variables (R : comRingType) (n : nat).
Implicit Types (M : 'M[R]_n) (v : 'cV[R]_n).

(** M with row k replaced by the j-th unit row. *)
Let replaced M k j : 'M[R]_n := \matrix_(a, b) if a == k then (b == j)%:R else M a b.

Let cofactor_replaced M k j i : cofactor (replaced M k j) k i = cofactor M k i.
Proof.
by congr (_ * \det _); apply/matrixP=> a b; rewrite !mxE eq_sym (negPf (neq_lift _ _)).
Qed.

Let det_replaced M k j : \det (replaced M k j) = cofactor M k j.
Proof.
rewrite (expand_det_row _ k) (bigD1 j) //= cofactor_replaced !mxE !eqxx mul1r.
by rewrite big1 ?addr0 // => i /negPf ne_ij; rewrite !mxE eqxx ne_ij mul0r.
Qed.

(** If M v = 0, the columns of adj M are proportional to v. *)
Theorem adj_column M v i j k : M *m v = 0 -> \adj M j k * v i 0 = \adj M i k * v j 0.
Proof.
move=> Mv0; rewrite !mxE; pose N := replaced M k j.
have Nv : N *m v = v j 0 *: delta_mx k 0.
  apply/colP=> a; rewrite !mxE andbT; have [-> | ne_ak] := eqVneq a k.
    rewrite mulr1 (bigD1 j) //= mxE !eqxx mul1r big1 ?addr0 // => b /negPf ne_bj.
    by rewrite mxE eqxx ne_bj mul0r.
  have -> : v j 0 * 0 = (M *m v) a 0 by rewrite Mv0 mxE mulr0.
  by rewrite mxE; apply: eq_bigr => b _; rewrite mxE (negPf ne_ak).
have /colP/(_ i) : \adj N *m (N *m v) = \adj N *m (v j 0 *: delta_mx k 0) by rewrite Nv.
rewrite mulmxA mul_adj_mx mul_scalar_mx -scalemxAr -colE !mxE det_replaced cofactor_replaced.
by rewrite [RHS]mulrC.
Qed.

(** If M is symmetric, M v = 0 and vᵀ v = 1, then adj M = tr(adj M) v vᵀ. *)
Theorem adj_kernel M v :
  M^T = M -> M *m v = 0 -> ⟨v, v⟩ = 1 -> \adj M = \tr (\adj M) *: (v *m v^T).
Proof.
move=> symM Mv0; rewrite /frob => unit_v.
have {}unit_v : \sum_i v i 0 * v i 0 = 1.
  by rewrite -unit_v; apply: eq_bigr => i _; rewrite big_ord1.
have symB i k : \adj M k i = \adj M i k by have /matrixP/(_ i k) := trmx_adj M; rewrite symM mxE.
pose w k := \sum_i \adj M i k * v i 0.
have col j k : \adj M j k = v j 0 * w k.
  rewrite -[LHS]mulr1 -unit_v !mulr_sumr; apply: eq_bigr => i _.
  by rewrite mulrA (adj_column i j k Mv0) -mulrA mulrCA.
have wE k : w k = \tr (\adj M) * v k 0.
  rewrite /w mulr_suml; apply: eq_bigr => i _.
  by rewrite -[\adj M i k]symB (adj_column i k i Mv0).
apply/matrixP=> j k; rewrite col wE mulrCA [RHS]mxE [(v *m _) _ _]mxE big_ord1.
by rewrite [v^T _ _]mxE.
Qed.

End Adjugate.

Section Eigenvalue.

Variables (R : comRingType) (d : {additive R -> R}) (n : nat).
Hypothesis product_rule : leibniz d.
Variables (X : 'M[R]_n) (lam : R).

Notation "''d' A" := (map_mx d A) (at level 10, A at level 8, format "''d'  A").

(** A left and a right eigenvector: uX = λu and Xv = λv give (uv) λ′ = u X′ v. *)
Theorem eigenvalue_left_right (u : 'rV_n) (v : 'cV_n) :
  u *m X = lam *: u -> X *m v = lam *: v -> d lam *: (u *m v) = u *m 'd X *m v.
Proof.
move=> uX Xv; have := congr1 (fun A => u *m 'd A) Xv.
rewrite /= d_mulmx // d_scale // !mulmxDr !mulmxA uX -!scalemxAr -scalemxAl.
by move/addIr->.
Qed.

Variable v : 'cV[R]_n.
Hypotheses (symX : X^T = X) (eigenpair : X *m v = lam *: v).

Let left_eigenpair : v^T *m X = lam *: v^T.
Proof. by rewrite -{1}symX -trmx_mul eigenpair linearZ. Qed.

(** An eigenvector of any length: vᵀv λ′ = ⟨v vᵀ, X′⟩. *)
Theorem eigenvalue_any_length : ⟨v, v⟩ * d lam = ⟨v *m v^T, 'd X⟩.
Proof.
have /(congr1 mxtrace) := eigenvalue_left_right left_eigenpair eigenpair.
rewrite linearZ /= -frob_trace mulrC => ->.
by rewrite frob_trace trmx_mul trmxK mxtrace_mulC mulmxA.
Qed.

(** λ′ = ⟨v vᵀ, X′⟩. *)
Theorem eigenvalue_derivative : ⟨v, v⟩ = 1 -> d lam = ⟨v *m v^T, 'd X⟩.
Proof. by rewrite -eigenvalue_any_length => ->; rewrite mul1r. Qed.

(** λ′ = vᵀ X′ v. *)
Theorem eigenvalue_quadratic : ⟨v, v⟩ = 1 -> d lam = (v^T *m 'd X *m v) 0 0.
Proof.
move/eigenvalue_derivative->.
by rewrite frob_trace trmx_mul trmxK -mulmxA mxtrace_mulC trace_mx11.
Qed.

(** v vᵀ is symmetric: it is the symmetric gradient S. *)
Lemma projector_sym : (v *m v^T)^T = v *m v^T.
Proof. by rewrite trmx_mul trmxK. Qed.

(** Hence every valid gradient gives λ′, whatever its convention. *)
Theorem eigenvalue_valid G : ⟨v, v⟩ = 1 -> valid (v *m v^T) G -> ⟨G, 'd X⟩ = d lam.
Proof. by move=> unit_v vG; rewrite eigenvalue_derivative //; apply: valid_derivation. Qed.

(** A normalised eigenvector moves at a right angle to itself: 2 ⟨v, v′⟩ = 0. *)
Lemma normalised_derivative : ⟨v, v⟩ = 1 -> ⟨v, 'd v⟩ *+ 2 = 0.
Proof.
move=> unit_v; have := d1 product_rule; rewrite -unit_v !frob_trace d_trace d_mulmx // linearD /=.
by rewrite d_trmx -!frob_trace frobC mulr2n.
Qed.

(** The implicit form, without an eigenvector: tr adj(λI − X) λ′ = ⟨adj(λI − X)ᵀ, X′⟩. *)
Theorem eigenvalue_implicit :
  \det (lam%:M - X) = 0 ->
  \tr (\adj (lam%:M - X)) * d lam = ⟨(\adj (lam%:M - X))^T, 'd X⟩.
Proof.
move=> root; have := d_det product_rule (lam%:M - X); rewrite root raddf0 map_mxB d_scalar_mx.
by rewrite mulmxBr linearB /= mul_mx_scalar linearZ /= mulrC frob_trace trmxK => /esym/subr0_eq.
Qed.

(** The two gradients are one: adj(λI − X) = tr adj(λI − X) v vᵀ. *)
Theorem adj_projector :
  ⟨v, v⟩ = 1 -> \adj (lam%:M - X) = \tr (\adj (lam%:M - X)) *: (v *m v^T).
Proof.
apply: adj_kernel; first by rewrite linearB /= tr_scalar_mx symX.
by rewrite mulmxBl mul_scalar_mx eigenpair subrr.
Qed.

End Eigenvalue.
